//! Emptying a bucket: every version, every delete marker, every unfinished upload.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{Delete, MultipartUpload, ObjectIdentifier};

use crate::aws::each;
use crate::kinds::shapes::built;
use crate::model::failure::{Class, Failure, unless_gone};

/// How many unfinished uploads are dropped at once.
const FAN_OUT: usize = 16;

/// Deletes everything in a bucket, in batches of a thousand.
///
/// Always lists from the beginning: what was listed is gone by then, and what others write meanwhile is seen.
pub async fn empty(s3: &Client, bucket: &str) -> Result<(), Failure> {
    loop {
        let page = s3.list_object_versions().bucket(bucket).max_keys(1000).send().await?;
        let versions = page.versions().iter().map(|it| (it.key(), it.version_id()));
        let markers = page.delete_markers().iter().map(|it| (it.key(), it.version_id()));
        let objects: Vec<ObjectIdentifier> = versions
            .chain(markers)
            .filter_map(|(key, version)| Some((key?, version)))
            .map(|(key, version)| {
                let version = version.map(str::to_owned);
                built(ObjectIdentifier::builder().key(key).set_version_id(version).build())
            })
            .collect::<Result<_, _>>()?;
        if objects.is_empty() {
            break;
        }
        delete(s3, bucket, objects).await?;
    }
    drop_uploads(s3, bucket).await
}

/// Deletes these objects; fails if none of them went, so that the caller's loop ends.
async fn delete(s3: &Client, bucket: &str, objects: Vec<ObjectIdentifier>) -> Result<(), Failure> {
    let asked = objects.len();
    let batch = built(Delete::builder().set_objects(Some(objects)).quiet(true).build())?;
    let answer = s3.delete_objects().bucket(bucket).delete(batch).send().await?;
    match answer.errors() {
        [first, ..] if answer.errors().len() >= asked => {
            let (key, reason) = (first.key().unwrap_or_default(), first.message().unwrap_or("no reason given"));
            let message = format!("`{key}` in the bucket `{bucket}` cannot be deleted: {reason}");
            let mut failure = Failure::new(Class::InUse, message);
            failure.call = "s3:DeleteObjects".to_owned();
            failure.code = first.code().map(str::to_owned);
            Err(failure)
        }
        _ => Ok(()),
    }
}

async fn drop_uploads(s3: &Client, bucket: &str) -> Result<(), Failure> {
    let mut request = s3.list_multipart_uploads().bucket(bucket);
    loop {
        let page = request.send().await?;
        each(FAN_OUT, page.uploads.unwrap_or_default(), async |upload: MultipartUpload| {
            let abort = s3.abort_multipart_upload().bucket(bucket).set_key(upload.key).set_upload_id(upload.upload_id);
            unless_gone(abort.send().await.map_err(Failure::from))
        })
        .await?;
        if page.is_truncated != Some(true) {
            return Ok(());
        }
        request = s3
            .list_multipart_uploads()
            .bucket(bucket)
            .set_key_marker(page.next_key_marker)
            .set_upload_id_marker(page.next_upload_id_marker);
    }
}
