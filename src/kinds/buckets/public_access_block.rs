//! What S3 blocks of everything that would make a bucket public.

use super::part::*;

pub struct PublicAccessBlock;

const SWITCHES: [&str; 4] =
    ["block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets"];

fn all(on: bool) -> Value {
    Value::map(SWITCHES.map(|switch| (switch, on)))
}

#[async_trait(?Send)]
impl Part for PublicAccessBlock {
    fn fields(&self) -> Vec<(&'static str, Field)> {
        let record = SWITCHES.into_iter().fold(shapes::s3::public_access_block_configuration(), |record, switch| {
            record.with(switch, |field| field.default(true))
        });
        let note = "Everything is blocked unless a switch says `false`.";
        vec![("public_access_block", Field::new(Shape::Record(record)).default(all(true)).note(note))]
    }

    async fn read(&self, s3: &Client, bucket: &str) -> Result<Map, Failure> {
        let found = s3.get_public_access_block().bucket(bucket).send().await.map_err(Failure::from);
        let found = unless(found, "NoSuchPublicAccessBlockConfiguration")?;
        let block = found.and_then(|found| found.public_access_block_configuration);
        let block = block.map_or_else(|| all(false), |it| shapes::s3::public_access_block_configuration_from(&it));
        Ok(of("public_access_block", block))
    }

    async fn write(&self, s3: &Client, bucket: &str, wanted: &Map, _: &Map) -> Result<(), Failure> {
        let block = to::member(wanted, "public_access_block", shapes::s3::public_access_block_configuration_to)?;
        s3.put_public_access_block().bucket(bucket).set_public_access_block_configuration(block).send().await?;
        Ok(())
    }

    async fn unset(&self, s3: &Client, bucket: &str, _: &Map) -> Result<(), Failure> {
        s3.delete_public_access_block().bucket(bucket).send().await?;
        Ok(())
    }
}
