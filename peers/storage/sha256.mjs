// What the AWS SDK for JavaScript makes of the SHA-256 of objects that somebody has put.
//
//     node sha256.mjs ENDPOINT ACCESS_KEY SECRET BUCKET PART_SIZE
//
// Prints one JSON object: of each key what the store says, and what follows from its bytes: as a whole, and as parts.
import { createHash } from "node:crypto"
import * as s3 from "@aws-sdk/client-s3"

const [endpoint, accessKeyId, secretAccessKey, Bucket, partSize] = process.argv.slice(2)
const client = new s3.S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, maxAttempts: 1, credentials: { accessKeyId, secretAccessKey } })
const sha256 = (bytes) => createHash("sha256").update(bytes).digest()

const composite = (bytes, size) => {
    const sums = []
    for (let at = 0; at < bytes.length; at += size) sums.push(sha256(bytes.subarray(at, at + size)))
    return `${sha256(Buffer.concat(sums)).toString("base64")}-${sums.length}`
}

const found = {}
for (const { Key } of (await client.send(new s3.ListObjectsV2Command({ Bucket }))).Contents) {
    const got = await client.send(new s3.GetObjectCommand({ Bucket, Key, ChecksumMode: "ENABLED" })) // which compares a whole's
    const bytes = Buffer.from(await got.Body.transformToByteArray())
    found[Key] = {
        said: got.ChecksumSHA256 ?? "", type: got.ChecksumType ?? "",
        whole: sha256(bytes).toString("base64"), parts: composite(bytes, Number(partSize)),
    }
}
console.log(JSON.stringify(found))
