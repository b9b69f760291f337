//! A bucket that answers like a web server.

use super::part::*;

pub struct Website;

#[async_trait(?Send)]
impl Part for Website {
    fn fields(&self) -> Vec<(&'static str, Field)> {
        vec![("website", Field::new(Shape::Record(shapes::s3::website_configuration())))]
    }

    async fn read(&self, s3: &Client, bucket: &str) -> Result<Map, Failure> {
        let found = s3.get_bucket_website().bucket(bucket).send().await.map_err(Failure::from);
        let Some(found) = unless(found, "NoSuchWebsiteConfiguration")? else { return Ok(Map::new()) };
        let website = aws_sdk_s3::types::WebsiteConfiguration::builder()
            .set_error_document(found.error_document)
            .set_index_document(found.index_document)
            .set_redirect_all_requests_to(found.redirect_all_requests_to)
            .set_routing_rules(found.routing_rules)
            .build();
        Ok(of("website", shapes::s3::website_configuration_from(&website)))
    }

    async fn write(&self, s3: &Client, bucket: &str, wanted: &Map, _: &Map) -> Result<(), Failure> {
        let website = to::member(wanted, "website", shapes::s3::website_configuration_to)?;
        s3.put_bucket_website().bucket(bucket).set_website_configuration(website).send().await?;
        Ok(())
    }

    async fn unset(&self, s3: &Client, bucket: &str, _: &Map) -> Result<(), Failure> {
        s3.delete_bucket_website().bucket(bucket).send().await?;
        Ok(())
    }

    fn broken(&self, fields: &Map) -> Vec<Broken> {
        let Some(website) = fields.get("website").and_then(Value::as_map).filter(|website| !website.is_empty()) else {
            return Vec::new();
        };
        let mut broken = Vec::new();
        if has(website, "redirect_all_requests_to") {
            for other in ["index_document", "error_document", "routing_rules"] {
                if has(website, other) {
                    let message = "a website that redirects all requests has nothing else";
                    broken.push(Broken::new(format!("website.{other}"), message));
                }
            }
        } else if !has(website, "index_document") {
            broken.push(Broken::new("website", "a website has an `index_document` or redirects all requests"));
        }
        let suffix = website.get("index_document").and_then(|it| it.get("suffix")).and_then(Value::as_str);
        if suffix.is_some_and(|suffix| suffix.is_empty() || suffix.contains('/')) {
            broken.push(Broken::new("website.index_document.suffix", "the suffix is a file name, without `/`"));
        }
        let rules = website.get("routing_rules").and_then(Value::as_list).unwrap_or_default();
        for (index, rule) in rules.iter().enumerate() {
            let redirect = rule.get("redirect").and_then(Value::as_map);
            if redirect.is_some_and(|it| has(it, "replace_key_with") && has(it, "replace_key_prefix_with")) {
                let message = "a redirect has `replace_key_with` or `replace_key_prefix_with`, not both";
                broken.push(Broken::new(format!("website.routing_rules[{index}].redirect"), message));
            }
        }
        broken
    }
}
