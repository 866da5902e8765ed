//! What a function may do: the policies of its role.
//!
//! Only inline statements are understood. A managed policy or a template of SAM's would grant what this file does not say.

use super::TemplateError;
use super::fields::Fields;
use super::stack::Statement;

pub(super) fn read(fields: &mut Fields) -> Result<Vec<Statement>, TemplateError> {
    let mut statements = Vec::new();
    for mut policy in fields.each("Policies")? {
        for statement in policy.each("Statement")? {
            statements.push(read_statement(statement)?);
        }
        policy.finish()?;
    }
    Ok(statements)
}

fn read_statement(mut fields: Fields) -> Result<Statement, TemplateError> {
    let effect = fields.required("Effect")?;
    if effect != "Allow" {
        return Err(fields.error(
            "Effect",
            "only Allow is understood: what is not granted is denied",
        ));
    }
    let actions = fields.literals("Action")?;
    let resources = fields.texts("Resource")?;
    // Under what circumstances it is granted: no call of ours has others.
    fields.ignore(&["Condition", "Sid"]);
    for (name, is_empty) in [("Action", actions.is_empty()), ("Resource", resources.is_empty())] {
        if is_empty {
            return Err(fields.error(name, "is missing"));
        }
    }
    fields.finish()?;
    Ok(Statement { actions, resources })
}
