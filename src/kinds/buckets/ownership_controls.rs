//! Who owns the objects that others upload, and whether access control lists mean anything.

use aws_sdk_s3::types::{ObjectOwnership, OwnershipControls as Document, OwnershipControlsRule};

use super::part::*;

pub struct OwnershipControls;

#[async_trait(?Send)]
impl Part for OwnershipControls {
    fn fields(&self) -> Vec<(&'static str, Field)> {
        vec![(
            "ownership_controls",
            Field::one_of(ObjectOwnership::values())
                .default("BucketOwnerEnforced")
                .link("https://docs.aws.amazon.com/AmazonS3/latest/API/API_OwnershipControlsRule.html")
                .note("`BucketOwnerEnforced` switches access control lists off."),
        )]
    }

    async fn read(&self, s3: &Client, bucket: &str) -> Result<Map, Failure> {
        let found = s3.get_bucket_ownership_controls().bucket(bucket).send().await.map_err(Failure::from);
        let found = unless(found, "OwnershipControlsNotFoundError")?.and_then(|found| found.ownership_controls);
        let rule = found.and_then(|document| document.rules.into_iter().next());
        // A bucket without controls is one from before 2023: whoever uploads an object owns it.
        let ownership = rule.map_or(ObjectOwnership::ObjectWriter, |rule| rule.object_ownership);
        Ok(of("ownership_controls", ownership.as_str()))
    }

    async fn write(&self, s3: &Client, bucket: &str, wanted: &Map, _: &Map) -> Result<(), Failure> {
        let ownership = to::member(wanted, "ownership_controls", to::text)?;
        let rule = built(OwnershipControlsRule::builder().set_object_ownership(ownership).build())?;
        let document = built(Document::builder().rules(rule).build())?;
        s3.put_bucket_ownership_controls().bucket(bucket).ownership_controls(document).send().await?;
        Ok(())
    }

    async fn unset(&self, s3: &Client, bucket: &str, _: &Map) -> Result<(), Failure> {
        s3.delete_bucket_ownership_controls().bucket(bucket).send().await?;
        Ok(())
    }
}
