//! What has to be allowed for a request, by the service authorization reference
//! (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html>,
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html>).

use serde_json::{Map, Value};

use super::Resource;

/// The members of a transaction that writes, and what each has to be allowed as.
const WRITES: [(&str, &str); 4] = [
    ("ConditionCheck", "dynamodb:ConditionCheckItem"),
    ("Delete", "dynamodb:DeleteItem"),
    ("Put", "dynamodb:PutItem"),
    ("Update", "dynamodb:UpdateItem"),
];
/// The member of a transaction that reads.
const READS: [(&str, &str); 1] = [("Get", "dynamodb:GetItem")];

/// Of a request to DynamoDB. There is no action for a transaction: what is in it counts. A query of an index is one of
/// the index and not of its table.
pub(crate) fn of_dynamodb(operation: &str, body: &Value) -> Vec<(String, Resource)> {
    match operation {
        "TransactWriteItems" => members(body, &WRITES),
        "TransactGetItems" => members(body, &READS),
        "BatchGetItem" | "BatchWriteItem" => {
            let tables = body["RequestItems"].as_object().into_iter().flat_map(Map::keys);
            tables
                .map(|table| (format!("dynamodb:{operation}"), Resource::Table(table.clone())))
                .collect()
        }
        operation => vec![(format!("dynamodb:{operation}"), table_or_index(body))],
    }
}

fn members(body: &Value, kinds: &[(&str, &str)]) -> Vec<(String, Resource)> {
    let items = body["TransactItems"].as_array().into_iter().flatten();
    items
        .flat_map(|item| {
            kinds.iter().filter_map(move |(member, action)| {
                let member = item.get(member)?;
                Some(((*action).to_owned(), table_or_index(member)))
            })
        })
        .collect()
}

fn table_or_index(body: &Value) -> Resource {
    match (body["TableName"].as_str(), body["IndexName"].as_str()) {
        (Some(table), Some(index)) => Resource::Index {
            table: table.to_owned(),
            index: index.to_owned(),
        },
        (Some(table), None) => Resource::Table(table.to_owned()),
        (None, _) => Resource::Everything,
    }
}

/// Of a request to SQS. A batch has no action of its own. The queue's name ends its URL.
pub(crate) fn of_sqs(operation: &str, body: &Value) -> Vec<(String, Resource)> {
    let action = operation.strip_suffix("Batch").unwrap_or(operation);
    let name = body["QueueUrl"].as_str().and_then(|url| url.rsplit('/').next());
    let resource = name.map_or(Resource::Everything, |name| Resource::Queue(name.to_owned()));
    vec![(format!("sqs:{action}"), resource)]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn table(action: &str) -> (String, Resource) {
        (
            format!("dynamodb:{action}"),
            Resource::Table("catalog".to_owned()),
        )
    }

    #[test]
    fn a_transaction_needs_what_its_members_need() {
        let on = json!({"TableName": "catalog"});
        let body =
            json!({"TransactItems": [{"Put": on}, {"ConditionCheck": on}, {"Delete": on}, {"Update": on}]});
        assert_eq!(
            of_dynamodb("TransactWriteItems", &body),
            [
                table("PutItem"),
                table("ConditionCheckItem"),
                table("DeleteItem"),
                table("UpdateItem")
            ]
        );
        let body = json!({"TransactItems": [{"Get": on}]});
        assert_eq!(of_dynamodb("TransactGetItems", &body), [table("GetItem")]);
    }

    #[test]
    fn a_batch_is_an_action_of_its_own_and_an_index_a_resource_of_its_own() {
        let body = json!({"RequestItems": {"catalog": {"Keys": []}}});
        assert_eq!(of_dynamodb("BatchGetItem", &body), [table("BatchGetItem")]);
        assert_eq!(
            of_dynamodb("Query", &json!({"TableName": "catalog"})),
            [table("Query")]
        );
        let index = Resource::Index {
            table: "catalog".to_owned(),
            index: "GSI1".to_owned(),
        };
        assert_eq!(
            of_dynamodb("Query", &json!({"TableName": "catalog", "IndexName": "GSI1"})),
            [("dynamodb:Query".to_owned(), index)]
        );
        let unknown = of_dynamodb("ListTables", &json!({}));
        assert_eq!(
            unknown,
            [("dynamodb:ListTables".to_owned(), Resource::Everything)]
        );
    }

    #[test]
    fn a_batch_of_messages_is_sent_by_the_right_to_send_one() {
        let body = json!({"QueueUrl": "http://127.0.0.1:9/000000000000/copy-edition.fifo"});
        let queue = || Resource::Queue("copy-edition.fifo".to_owned());
        for (operation, action) in [
            ("SendMessageBatch", "sqs:SendMessage"),
            ("DeleteMessageBatch", "sqs:DeleteMessage"),
            ("ReceiveMessage", "sqs:ReceiveMessage"),
        ] {
            assert_eq!(of_sqs(operation, &body), [(action.to_owned(), queue())]);
        }
    }
}
