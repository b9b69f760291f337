//! Whether a bucket keeps every version of its objects.

use aws_sdk_s3::types::VersioningConfiguration;

use super::part::*;

pub struct Versioning;

/// Versioning can be suspended, never removed: to a stack, suspended and never enabled are the same.
fn same(wanted: &Value, live: &Value) -> bool {
    let on = |value: &Value| value.as_str() == Some("Enabled");
    on(wanted) == on(live)
}

#[async_trait(?Send)]
impl Part for Versioning {
    fn fields(&self) -> Vec<(&'static str, Field)> {
        vec![(
            "versioning",
            Field::one_of(&["Enabled", "Suspended"])
                .compared(Equal::By(same))
                .link("https://docs.aws.amazon.com/AmazonS3/latest/API/API_VersioningConfiguration.html")
                .note("Versioning that was once enabled is suspended when this is omitted: S3 cannot remove it."),
        )]
    }

    async fn read(&self, s3: &Client, bucket: &str) -> Result<Map, Failure> {
        let found = s3.get_bucket_versioning().bucket(bucket).send().await?;
        Ok(of("versioning", found.status.map(|status| status.as_str().to_owned())))
    }

    async fn write(&self, s3: &Client, bucket: &str, wanted: &Map, _: &Map) -> Result<(), Failure> {
        let status = to::member(wanted, "versioning", to::text)?;
        let versioning = VersioningConfiguration::builder().set_status(status).build();
        s3.put_bucket_versioning().bucket(bucket).versioning_configuration(versioning).send().await?;
        Ok(())
    }

    async fn unset(&self, s3: &Client, bucket: &str, live: &Map) -> Result<(), Failure> {
        self.write(s3, bucket, &of("versioning", "Suspended"), live).await
    }
}
