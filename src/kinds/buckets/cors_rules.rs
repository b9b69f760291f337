//! Which pages of other origins may read from a bucket.

use aws_sdk_s3::types::CorsConfiguration;

use super::part::*;

pub struct CorsRules;

fn rule() -> Record {
    let methods = Field::set(Field::one_of(&["GET", "PUT", "POST", "DELETE", "HEAD"]).shape);
    shapes::s3::cors_rule()
        .with("id", |field| shape(field, Field::text_of(1, 255)))
        .with("allowed_methods", |field| shape(field, methods.items(1, 5)))
        .with("allowed_origins", |field| field.unordered().items(1, 100))
        .with("allowed_headers", Field::unordered)
        .with("expose_headers", Field::unordered)
        .with("max_age_seconds", not_negative)
}

#[async_trait(?Send)]
impl Part for CorsRules {
    fn fields(&self) -> Vec<(&'static str, Field)> {
        let note = "The first rule that matches a request counts.";
        vec![("cors_rules", Field::list(Shape::Record(rule())).items(0, 100).note(note))]
    }

    async fn read(&self, s3: &Client, bucket: &str) -> Result<Map, Failure> {
        let found = s3.get_bucket_cors().bucket(bucket).send().await.map_err(Failure::from);
        let Some(found) = unless(found, "NoSuchCORSConfiguration")? else { return Ok(Map::new()) };
        Ok(of("cors_rules", Value::list(found.cors_rules().iter().map(shapes::s3::cors_rule_from))))
    }

    async fn write(&self, s3: &Client, bucket: &str, wanted: &Map, _: &Map) -> Result<(), Failure> {
        let rules = to::members(wanted, "cors_rules", shapes::s3::cors_rule_to)?;
        let configuration = built(CorsConfiguration::builder().set_cors_rules(rules).build())?;
        s3.put_bucket_cors().bucket(bucket).cors_configuration(configuration).send().await?;
        Ok(())
    }

    async fn unset(&self, s3: &Client, bucket: &str, _: &Map) -> Result<(), Failure> {
        s3.delete_bucket_cors().bucket(bucket).send().await?;
        Ok(())
    }

    fn broken(&self, fields: &Map) -> Vec<Broken> {
        let rules = fields.get("cors_rules").and_then(Value::as_list).unwrap_or_default();
        let origins = |rule: &Value| rule.get("allowed_origins").and_then(Value::as_list).unwrap_or_default().to_vec();
        let mut broken = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            for (at, origin) in origins(rule).iter().enumerate() {
                if origin.as_str().is_some_and(|origin| origin.matches('*').count() > 1) {
                    let path = format!("cors_rules[{index}].allowed_origins[{at}]");
                    broken.push(Broken::new(path, "an origin has at most one `*`"));
                }
            }
        }
        broken
    }
}
