// Holds the stub to what the AWS SDK for JavaScript expects of S3.
//
//     node stub_check.mjs ENDPOINT ACCESS_KEY SECRET BUCKET
//
// Prints one JSON object: each fact and "" or what was wrong.
import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import * as s3 from "@aws-sdk/client-s3"
import { Upload } from "@aws-sdk/lib-storage"
import { createPresignedPost } from "@aws-sdk/s3-presigned-post"
import { getSignedUrl } from "@aws-sdk/s3-request-presigner"

const [endpoint, accessKeyId, secretAccessKey, Bucket] = process.argv.slice(2)
const options = { endpoint, region: "us-east-1", forcePathStyle: true, maxAttempts: 1, credentials: { accessKeyId, secretAccessKey } }
const client = new s3.S3Client(options)
const send = (command, input = {}) => client.send(new command({ Bucket, ...input }))
const text = async (answer) => answer.Body.transformToString()
const md5 = (bytes) => createHash("md5").update(bytes).digest("hex")
const fails = async (promise, name, status) => {
    const error = await promise.then(() => null, (e) => e)
    assert.ok(error, `expected ${name}`)
    assert.equal(error.name, name)
    if (status) assert.equal(error.$metadata.httpStatusCode, status)
    return error
}

const facts = {
    async "puts and gets"() {
        const put = await send(s3.PutObjectCommand, {
            Key: "a/b c+ä%.txt", Body: "hello", ContentType: "text/plain", CacheControl: "max-age=60", ContentDisposition: "inline",
            ContentEncoding: "identity", ContentLanguage: "de", Metadata: { Owner: "ann" },
        })
        assert.equal(put.ETag, `"${md5("hello")}"`)
        const got = await send(s3.GetObjectCommand, { Key: "a/b c+ä%.txt" })
        assert.equal(await text(got), "hello")
        assert.equal(got.ContentType, "text/plain")
        assert.equal(got.CacheControl, "max-age=60")
        assert.equal(got.ContentDisposition, "inline")
        assert.equal(got.ContentEncoding, "identity")
        assert.equal(got.ContentLanguage, "de")
        assert.deepEqual(got.Metadata, { owner: "ann" })
    },
    async "puts nothing"() {
        await send(s3.PutObjectCommand, { Key: "empty", Body: "" })
        const head = await send(s3.HeadObjectCommand, { Key: "empty" })
        assert.equal(head.ContentLength, 0)
    },
    async "keeps checksums, and refuses wrong ones"() {
        const put = await send(s3.PutObjectCommand, { Key: "sum", Body: "123456789", ChecksumAlgorithm: "CRC32C" })
        assert.equal(put.ChecksumCRC32C, "4waSgw==")
        const head = await send(s3.HeadObjectCommand, { Key: "sum", ChecksumMode: "ENABLED" })
        assert.equal(head.ChecksumCRC32C, "4waSgw==")
        assert.equal(head.ChecksumType, "FULL_OBJECT")
        const unasked = await send(s3.HeadObjectCommand, { Key: "sum" })
        assert.equal(unasked.ChecksumCRC32C, undefined)
        await fails(send(s3.PutObjectCommand, { Key: "sum", Body: "12345678", ChecksumCRC32C: "4waSgw==" }), "BadDigest", 400)
        await fails(send(s3.PutObjectCommand, { Key: "sum", Body: "x", ContentMD5: "1B2M2Y8AsgTpgAmY7PhCfg==" }), "BadDigest", 400)
        for (const [algorithm, sum] of [["CRC32", "y/Q5Jg=="], ["CRC64NVME", "rosUhgp5mIg="], ["SHA1", "98O8HYCOBHMq32eZZczDTKeuNEE="],
            ["SHA256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="]]) {
            await send(s3.PutObjectCommand, { Key: "sum", Body: "123456789", [`Checksum${algorithm}`]: sum })
            await fails(send(s3.PutObjectCommand, { Key: "sum", Body: "12345678", [`Checksum${algorithm}`]: sum }), "BadDigest", 400)
        }
    },
    async "makes a SHA-256 of the parts' of an object by parts"() {
        const upload = { Key: "sum/parts" }
        const begun = await send(s3.CreateMultipartUploadCommand, { ...upload, ChecksumAlgorithm: "SHA256" })
        assert.equal(begun.ChecksumAlgorithm, "SHA256")
        assert.equal(begun.ChecksumType, "COMPOSITE")
        upload.UploadId = begun.UploadId
        const sha256 = (bytes) => createHash("sha256").update(bytes).digest()
        const bodies = [Buffer.alloc(5 << 20, "a"), Buffer.from("end")], Parts = []
        for (const [i, Body] of bodies.entries()) {
            const ChecksumSHA256 = sha256(Body).toString("base64")
            const { ETag } = await send(s3.UploadPartCommand, { ...upload, PartNumber: i + 1, Body, ChecksumSHA256 })
            Parts.push({ PartNumber: i + 1, ETag, ChecksumSHA256 })
        }
        const made = await send(s3.CompleteMultipartUploadCommand, { ...upload, MultipartUpload: { Parts } })
        assert.equal(made.ChecksumSHA256, `${sha256(Buffer.concat(bodies.map(sha256))).toString("base64")}-2`)
        const head = await send(s3.HeadObjectCommand, { Key: upload.Key, ChecksumMode: "ENABLED" })
        assert.equal(head.ChecksumSHA256, made.ChecksumSHA256)
        assert.equal(head.ChecksumType, "COMPOSITE")
        await fails(send(s3.CreateMultipartUploadCommand, { Key: "x", ChecksumAlgorithm: "SHA256", ChecksumType: "FULL_OBJECT" }), "InvalidRequest", 400)
    },
    async "takes aws-chunked bodies with a trailer"() {
        const { Readable } = await import("node:stream")
        const Body = Readable.from([Buffer.alloc(100_000, "x")])
        await send(s3.PutObjectCommand, { Key: "chunked", Body, ContentLength: 100_000 })
        assert.equal((await text(await send(s3.GetObjectCommand, { Key: "chunked" }))).length, 100_000)
    },
    async "gives ranges"() {
        await send(s3.PutObjectCommand, { Key: "range", Body: "0123456789" })
        for (const [Range, wanted, range] of [["bytes=2-4", "234", "bytes 2-4/10"], ["bytes=7-", "789", "bytes 7-9/10"],
            ["bytes=-3", "789", "bytes 7-9/10"], ["bytes=5-100", "56789", "bytes 5-9/10"], ["bytes=-100", "0123456789", "bytes 0-9/10"]]) {
            const got = await send(s3.GetObjectCommand, { Key: "range", Range })
            assert.equal(await text(got), wanted)
            assert.equal(got.ContentRange, range)
            assert.equal(got.$metadata.httpStatusCode, 206)
        }
        await fails(send(s3.GetObjectCommand, { Key: "range", Range: "bytes=10-" }), "InvalidRange", 416)
    },
    async "holds reads to their conditions"() {
        const { ETag } = await send(s3.PutObjectCommand, { Key: "read", Body: "x" })
        await send(s3.GetObjectCommand, { Key: "read", IfMatch: ETag })
        await fails(send(s3.GetObjectCommand, { Key: "read", IfMatch: '"other"' }), "PreconditionFailed", 412)
        const same = await send(s3.GetObjectCommand, { Key: "read", IfNoneMatch: ETag }).catch((e) => e)
        assert.equal(same.$metadata.httpStatusCode, 304)
        const later = new Date(Date.now() + 60_000), earlier = new Date(Date.now() - 60_000)
        const unmodified = await send(s3.HeadObjectCommand, { Key: "read", IfModifiedSince: later }).catch((e) => e)
        assert.equal(unmodified.$metadata.httpStatusCode, 304)
        const modified = await send(s3.HeadObjectCommand, { Key: "read", IfUnmodifiedSince: earlier }).catch((e) => e)
        assert.equal(modified.$metadata.httpStatusCode, 412)
    },
    async "holds writes to their conditions"() {
        const { ETag } = await send(s3.PutObjectCommand, { Key: "write", Body: "1", IfNoneMatch: "*" })
        await fails(send(s3.PutObjectCommand, { Key: "write", Body: "2", IfNoneMatch: "*" }), "PreconditionFailed", 412)
        await fails(send(s3.PutObjectCommand, { Key: "write", Body: "2", IfMatch: '"other"' }), "PreconditionFailed", 412)
        await fails(send(s3.PutObjectCommand, { Key: "not there", Body: "2", IfMatch: ETag }), "NoSuchKey", 404)
        await send(s3.PutObjectCommand, { Key: "write", Body: "2", IfMatch: ETag })
        await fails(send(s3.DeleteObjectCommand, { Key: "write", IfMatch: ETag }), "PreconditionFailed", 412)
    },
    async "says what is not there"() {
        await fails(send(s3.GetObjectCommand, { Key: "nothing" }), "NoSuchKey", 404)
        await fails(send(s3.HeadObjectCommand, { Key: "nothing" }), "NotFound", 404)
        await fails(send(s3.GetObjectCommand, { Bucket: "other", Key: "x" }), "NoSuchBucket", 404)
    },
    async "removes one and many"() {
        for (const Key of ["r/1", "r/2", "r/3"]) await send(s3.PutObjectCommand, { Key, Body: Key })
        await send(s3.DeleteObjectCommand, { Key: "r/1" })
        await send(s3.DeleteObjectCommand, { Key: "r/1" })
        const gone = await send(s3.DeleteObjectsCommand, { Delete: { Objects: [{ Key: "r/2" }, { Key: "r/3" }, { Key: "r/none" }] } })
        assert.deepEqual(gone.Deleted.map((d) => d.Key), ["r/2", "r/3", "r/none"])
        assert.equal((await send(s3.ListObjectsV2Command, { Prefix: "r/" })).KeyCount, 0)
    },
    async "lists in pages, by prefix and delimiter"() {
        const keys = ["l/a", "l/a!", "l/a-b", "l/a/1", "l/a/2", "l/b c", "l/ä", "l/😀"]
        for (const Key of keys) await send(s3.PutObjectCommand, { Key, Body: "x" })
        const bytes = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        for (const EncodingType of [undefined, "url"]) {
            const decode = (key) => (EncodingType ? decodeURIComponent(key.replaceAll("+", " ")) : key)
            const found = []
            for (let ContinuationToken; ;) {
                const page = await send(s3.ListObjectsV2Command, { Prefix: "l/", MaxKeys: 3, ContinuationToken, EncodingType })
                found.push(...page.Contents.map((o) => decode(o.Key)))
                if (!page.IsTruncated) break
                ContinuationToken = page.NextContinuationToken
            }
            assert.deepEqual(found, bytes)
        }
        const level = await send(s3.ListObjectsV2Command, { Prefix: "l/", Delimiter: "/" })
        assert.deepEqual(level.CommonPrefixes.map((p) => p.Prefix), ["l/a/"])
        assert.equal(level.Contents.length, keys.length - 2)
        const after = await send(s3.ListObjectsV2Command, { Prefix: "l/", StartAfter: "l/a/1" })
        assert.equal(after.Contents[0].Key, "l/a/2")
        const first = await send(s3.ListObjectsCommand, { Prefix: "l/", MaxKeys: 2, Delimiter: "/" })
        assert.equal(first.IsTruncated, true)
        const second = await send(s3.ListObjectsCommand, { Prefix: "l/", Delimiter: "/", Marker: first.NextMarker })
        assert.equal(first.Contents.length + (second.Contents.length), keys.length - 2)
    },
    async "copies"() {
        await send(s3.PutObjectCommand, { Key: "c/ä 1", Body: "x", ContentType: "text/plain", Metadata: { a: "1" } })
        const CopySource = `${Bucket}/${encodeURIComponent("c/ä 1").replaceAll("%2F", "/")}`
        const done = await send(s3.CopyObjectCommand, { Key: "c/2", CopySource })
        assert.equal(done.CopyObjectResult.ETag, `"${md5("x")}"`)
        assert.deepEqual((await send(s3.HeadObjectCommand, { Key: "c/2" })).Metadata, { a: "1" })
        await send(s3.CopyObjectCommand, { Key: "c/2", CopySource, MetadataDirective: "REPLACE", Metadata: { b: "2" } })
        assert.deepEqual((await send(s3.HeadObjectCommand, { Key: "c/2" })).Metadata, { b: "2" })
        await fails(send(s3.CopyObjectCommand, { Key: "c/ä 1", CopySource }), "InvalidRequest", 400)
        await fails(send(s3.CopyObjectCommand, { Key: "c/3", CopySource, CopySourceIfMatch: '"other"' }), "PreconditionFailed", 412)
        await fails(send(s3.CopyObjectCommand, { Key: "c/3", CopySource: `${Bucket}/none` }), "NoSuchKey", 404)
    },
    async "uploads by parts"() {
        const Key = "m/1", big = Buffer.alloc(5 << 20, "a")
        const { UploadId } = await send(s3.CreateMultipartUploadCommand, { Key, ContentType: "text/plain", ChecksumAlgorithm: "CRC32C", ChecksumType: "FULL_OBJECT" })
        const listed = await send(s3.ListMultipartUploadsCommand, { Prefix: "m/" })
        assert.deepEqual(listed.Uploads.map((u) => u.UploadId), [UploadId])
        const two = await send(s3.UploadPartCommand, { Key, UploadId, PartNumber: 2, Body: "tail", ChecksumAlgorithm: "CRC32C" })
        const one = await send(s3.UploadPartCommand, { Key, UploadId, PartNumber: 1, Body: big, ChecksumAlgorithm: "CRC32C" })
        const parts = await send(s3.ListPartsCommand, { Key, UploadId, MaxParts: 1 })
        assert.equal(parts.IsTruncated, true)
        assert.equal(parts.Parts[0].Size, big.length)
        assert.equal((await send(s3.ListPartsCommand, { Key, UploadId, PartNumberMarker: "1" })).Parts[0].PartNumber, 2)
        const complete = (Parts) => send(s3.CompleteMultipartUploadCommand, { Key, UploadId, ChecksumType: "FULL_OBJECT", MultipartUpload: { Parts } })
        const p = (PartNumber, part) => ({ PartNumber, ETag: part.ETag, ChecksumCRC32C: part.ChecksumCRC32C })
        await fails(complete([p(2, two), p(1, one)]), "InvalidPartOrder", 400)
        await fails(complete([p(1, one), p(3, two)]), "InvalidPart", 400)
        await fails(complete([p(1, two), p(2, two)]), "InvalidPart", 400)
        const done = await complete([p(1, one), p(2, two)])
        assert.match(done.ETag, /^"[0-9a-f]{32}-2"$/)
        assert.equal(done.ChecksumType, "FULL_OBJECT")
        await fails(complete([p(1, one), p(2, two)]), "NoSuchUpload", 404)
        const head = await send(s3.HeadObjectCommand, { Key })
        assert.equal(head.ContentLength, big.length + 4)
        assert.equal(head.ContentType, "text/plain")
    },
    async "refuses small parts, and forgets what is aborted"() {
        const Key = "m/2", { UploadId } = await send(s3.CreateMultipartUploadCommand, { Key })
        const Parts = []
        for (const PartNumber of [1, 2]) Parts.push({ PartNumber, ETag: (await send(s3.UploadPartCommand, { Key, UploadId, PartNumber, Body: "x" })).ETag })
        await fails(send(s3.CompleteMultipartUploadCommand, { Key, UploadId, MultipartUpload: { Parts } }), "EntityTooSmall", 400)
        await send(s3.AbortMultipartUploadCommand, { Key, UploadId })
        await fails(send(s3.ListPartsCommand, { Key, UploadId }), "NoSuchUpload", 404)
        await fails(send(s3.UploadPartCommand, { Key, UploadId, PartNumber: 1, Body: "x" }), "NoSuchUpload", 404)
    },
    async "copies parts"() {
        const Key = "m/3", { UploadId } = await send(s3.CreateMultipartUploadCommand, { Key })
        const part = await send(s3.UploadPartCopyCommand, { Key, UploadId, PartNumber: 1, CopySource: `${Bucket}/range`, CopySourceRange: "bytes=2-4" })
        await send(s3.CompleteMultipartUploadCommand, { Key, UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag: part.CopyPartResult.ETag }] } })
        assert.equal(await text(await send(s3.GetObjectCommand, { Key })), "234")
    },
    async "is what lib-storage uploads to"() {
        const Body = Buffer.alloc(11 << 20, "z")
        await new Upload({ client, params: { Bucket, Key: "lib", Body }, partSize: 5 << 20 }).done()
        assert.equal(md5(Buffer.from(await (await send(s3.GetObjectCommand, { Key: "lib" })).Body.transformToByteArray())), md5(Body))
    },
    async "serves signed URLs, and refuses what is not signed so"() {
        const url = await getSignedUrl(client, new s3.GetObjectCommand({ Bucket, Key: "range", ResponseContentType: "text/x-own" }), { expiresIn: 60 })
        const got = await fetch(url)
        assert.equal(await got.text(), "0123456789")
        assert.equal(got.headers.get("content-type"), "text/x-own")
        assert.equal((await fetch(url.replace("range", "sum"))).status, 403)
        assert.equal((await fetch(url.replace("x-own", "html"))).status, 403)
        assert.equal((await fetch(`${endpoint}/${Bucket}/range`)).status, 403)
        assert.equal((await fetch(url, { method: "DELETE" })).status, 403)
    },
    async "takes forms, within their policy"() {
        const policy = { Bucket, Key: "form/${filename}", Conditions: [["starts-with", "$key", "form/"], ["content-length-range", 1, 10],
            ["eq", "$x-amz-meta-user", "ann"]], Fields: { "x-amz-meta-user": "ann" }, Expires: 60 }
        const { url, fields } = await createPresignedPost(client, policy)
        const post = (changed, bytes) => {
            const form = new FormData()
            for (const [name, value] of Object.entries({ ...fields, ...changed })) form.append(name, value)
            form.append("file", new Blob([bytes]), "a.txt")
            return fetch(url, { method: "POST", body: form })
        }
        assert.equal((await post({}, "hello")).status, 204)
        const got = await send(s3.GetObjectCommand, { Key: "form/a.txt" })
        assert.equal(await text(got), "hello")
        assert.deepEqual(got.Metadata, { user: "ann" })
        assert.equal((await post({}, "more than ten")).status, 400)
        assert.equal((await post({ key: "elsewhere" }, "hello")).status, 403)
        assert.equal((await post({ "x-amz-meta-user": "bob" }, "hello")).status, 403)
        assert.equal((await post({ "X-Amz-Signature": "0".repeat(64) }, "hello")).status, 403)
    },
    async "knows its keys"() {
        const as = (credentials) => new s3.S3Client({ ...options, credentials }).send(new s3.GetObjectCommand({ Bucket, Key: "range" }))
        await fails(as({ accessKeyId, secretAccessKey: "wrong" }), "SignatureDoesNotMatch", 403)
        await fails(as({ accessKeyId: "nobody", secretAccessKey }), "InvalidAccessKeyId", 403)
        await fails(new s3.S3Client({ ...options, region: "eu-west-1" }).send(new s3.GetObjectCommand({ Bucket, Key: "range" })), "AuthorizationHeaderMalformed", 400)
    },
}

const outcome = {}
for (const [name, hold] of Object.entries(facts)) outcome[name] = await hold().then(() => "", (e) => String(e?.stack ?? e).slice(0, 600))
console.log(JSON.stringify(outcome))
client.destroy()
process.exit(0) // kept connections would hold it
