// node post.mjs FILE: the forms that npm's @aws-sdk/s3-presigned-post makes, of a list in FILE of {"keys": {"id", "secret", "token"},
// "region", "date" (milliseconds), "bucket", "key", "conditions", "fields", "expires"}. Prints the fields of each.
import { readFileSync } from "node:fs";
import { S3Client } from "@aws-sdk/client-s3";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";

const forms = [];
for (const { keys, region, date, bucket, key, conditions, fields, expires } of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  const client = new S3Client({
    region,
    systemClockOffset: 0,
    credentials: { accessKeyId: keys.id, secretAccessKey: keys.secret, sessionToken: keys.token || undefined },
  });
  const now = Date.now;
  Date.now = () => date;
  try {
    const post = { Bucket: bucket, Key: key, Conditions: conditions, Fields: fields, Expires: expires };
    forms.push((await createPresignedPost(client, post)).fields);
  } finally {
    Date.now = now;
  }
}
console.log(JSON.stringify(forms));
