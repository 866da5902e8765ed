//! The XML of Route 53: one document to write, three to read.

use aws_smithy_xml::decode::{Document, ScopedDecoder, XmlDecodeError, try_data};
use imprint_domain::dns::{Cname, Visibility, Zone};

use super::Action;

/// How much of an answer's sentences is worth repeating, in characters.
const MAX_SENTENCE: usize = 300;

/// A page of the list of zones.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) zones: Vec<Zone>,
    /// Where the next page begins.
    pub(super) next: Option<String>,
}

/// The body that changes one record. Names consist of characters that XML takes as they are.
pub(super) fn change(action: Action, record: &Cname, ttl: u32) -> String {
    let action = match action {
        Action::Upsert => "UPSERT",
        Action::Delete => "DELETE",
    };
    let Cname { name, target } = record;
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <ChangeResourceRecordSetsRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><ChangeBatch>\
         <Comment>Imprint</Comment><Changes><Change><Action>{action}</Action><ResourceRecordSet>\
         <Name>{name}.</Name><Type>CNAME</Type><TTL>{ttl}</TTL><ResourceRecords><ResourceRecord>\
         <Value>{target}</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change></Changes>\
         </ChangeBatch></ChangeResourceRecordSetsRequest>"
    )
}

/// Reads a page of zones.
pub(super) fn zones(text: &str) -> Result<Page, String> {
    read_zones(text).map_err(|error| format!("the list of zones cannot be read: {error}"))
}

/// Reads a refusal's code and sentence, in either of the two forms that they come in.
pub(super) fn refusal(text: &str) -> Option<(String, String)> {
    let (code, message) = read_refusal(text).ok()?;
    let message = message.chars().filter(|c| !c.is_control());
    Some((code, message.take(MAX_SENTENCE).collect()))
}

fn read_zones(text: &str) -> Result<Page, XmlDecodeError> {
    let mut document = Document::new(text);
    let mut root = document.root_element()?;
    if !root.start_el().matches("ListHostedZonesResponse") {
        return Err(XmlDecodeError::custom("it is another document"));
    }
    let mut zones = Vec::new();
    let (mut is_truncated, mut next) = (None, None);
    while let Some(mut tag) = root.next_tag() {
        match tag.start_el().local() {
            "HostedZones" => {
                while let Some(mut zone) = tag.next_tag() {
                    zones.extend(read_zone(&mut zone)?);
                }
            }
            "IsTruncated" => is_truncated = Some(try_data(&mut tag)? == "true"),
            "NextMarker" => next = Some(try_data(&mut tag)?.into_owned()),
            _ => {}
        }
    }
    // A list that broke off would look like a short one.
    match (is_truncated, next) {
        (Some(false), _) => Ok(Page { zones, next: None }),
        (Some(true), Some(next)) => Ok(Page {
            zones,
            next: Some(next),
        }),
        (Some(true), None) | (None, _) => Err(XmlDecodeError::custom("it does not say whether it goes on")),
    }
}

/// A zone whose name is none of ours, such as one with an escaped character, holds no product's name.
fn read_zone(zone: &mut ScopedDecoder<'_, '_>) -> Result<Option<Zone>, XmlDecodeError> {
    let (mut id, mut name) = (None, None);
    let mut visibility = Visibility::Public;
    while let Some(mut tag) = zone.next_tag() {
        match tag.start_el().local() {
            "Id" => {
                id = try_data(&mut tag)?
                    .trim_start_matches("/hostedzone/")
                    .parse()
                    .ok()
            }
            "Name" => name = try_data(&mut tag)?.parse().ok(),
            "Config" => {
                while let Some(mut setting) = tag.next_tag() {
                    let is_private = setting.start_el().matches("PrivateZone");
                    if is_private && try_data(&mut setting)? == "true" {
                        visibility = Visibility::Private;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(id.zip(name).map(|(id, name)| Zone { id, name, visibility }))
}

/// `ErrorResponse`, which every operation may answer, or `InvalidChangeBatch` with a list of sentences.
fn read_refusal(text: &str) -> Result<(String, String), XmlDecodeError> {
    let mut document = Document::new(text);
    let mut root = document.root_element()?;
    let (mut code, mut sentences) = (String::new(), Vec::new());
    if root.start_el().matches("InvalidChangeBatch") {
        code = "InvalidChangeBatch".to_owned();
    }
    while let Some(mut tag) = root.next_tag() {
        match tag.start_el().local() {
            "Error" | "Messages" => {
                while let Some(mut part) = tag.next_tag() {
                    match part.start_el().local() {
                        "Code" => code = try_data(&mut part)?.into_owned(),
                        "Message" => sentences.push(try_data(&mut part)?.into_owned()),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    Ok((code, sentences.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(inner: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?>\n<ListHostedZonesResponse \
             xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">{inner}</ListHostedZonesResponse>"
        )
    }

    #[test]
    fn a_page_of_zones_is_read() {
        let text = page(
            "<HostedZones>\
             <HostedZone><Id>/hostedzone/Z1</Id><Name>example.com.</Name><CallerReference>a &amp; b</CallerReference>\
             <Config><Comment/><PrivateZone>false</PrivateZone></Config>\
             <ResourceRecordSetCount>2</ResourceRecordSetCount></HostedZone>\
             <HostedZone><Id>/hostedzone/Z2</Id><Name>\\052.example.com.</Name></HostedZone>\
             <HostedZone><Id>/hostedzone/Z3</Id><Name>example.net.</Name>\
             <Config><PrivateZone>true</PrivateZone></Config></HostedZone>\
             </HostedZones><IsTruncated>true</IsTruncated><NextMarker>Z4</NextMarker><MaxItems>3</MaxItems>",
        );
        let zone = |id: &str, name: &str, visibility| Zone {
            id: id.parse().unwrap(),
            name: name.parse().unwrap(),
            visibility,
        };
        let read = zones(&text).unwrap();
        let expected = [
            zone("Z1", "example.com", Visibility::Public),
            zone("Z3", "example.net", Visibility::Private),
        ];
        assert_eq!(read.zones, expected);
        assert_eq!(read.next.as_deref(), Some("Z4"));
    }

    #[test]
    fn what_is_no_whole_page_is_an_error_and_not_an_empty_list() {
        let whole = page("<HostedZones/><IsTruncated>false</IsTruncated>");
        assert_eq!(
            zones(&whole).unwrap(),
            Page {
                zones: vec![],
                next: None
            }
        );
        let endless = page("<HostedZones/><IsTruncated>true</IsTruncated>");
        for bad in ["", "<html></html>", "<x>", &page(""), &endless, &whole[..120]] {
            assert!(zones(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_refusal_is_read_in_both_forms() {
        let one = "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code>\
                   <Message>Rate exceeded</Message></Error><RequestId>1</RequestId></ErrorResponse>";
        let expected = ("Throttling".to_owned(), "Rate exceeded".to_owned());
        assert_eq!(refusal(one), Some(expected));
        let other = "<InvalidChangeBatch><Messages><Message>it is &lt;taken&gt;</Message><Message>b</Message>\
                     </Messages></InvalidChangeBatch>";
        let expected = ("InvalidChangeBatch".to_owned(), "it is <taken>; b".to_owned());
        assert_eq!(refusal(other), Some(expected));
        assert_eq!(refusal("not found"), None);
    }
}
