// One large object up or down, and how many seconds it took.
//
//     node large.mjs aws|minio up|down ENDPOINT KEY FILE PART_SIZE AT_ONCE
import { createReadStream, createWriteStream } from "node:fs"
import { open } from "node:fs/promises"
import { pipeline } from "node:stream/promises"
import { Agent } from "node:http"
import { GetObjectCommand, HeadObjectCommand, S3Client } from "@aws-sdk/client-s3"
import { Upload } from "@aws-sdk/lib-storage"
import * as minio from "minio"

const [client, way, endpoint, Key, file, part, atOnce] = process.argv.slice(2)
const Bucket = "photos", accessKeyId = "AKIDSTUB", secretAccessKey = "stub-secret", partSize = Number(part), queueSize = Number(atOnce)
const { hostname, port } = new URL(endpoint)

const aws = () => new S3Client({
    endpoint, region: "us-east-1", forcePathStyle: true, credentials: { accessKeyId, secretAccessKey },
    requestHandler: { httpAgent: new Agent({ keepAlive: true, maxSockets: 64 }) },
})
const ours = () => new minio.Client({ endPoint: hostname, port: Number(port), useSSL: false, accessKey: accessKeyId, secretKey: secretAccessKey, region: "us-east-1", partSize })

const ways = {
    async "aws up"() {
        await new Upload({ client: aws(), params: { Bucket, Key, Body: createReadStream(file, { highWaterMark: 1 << 20 }) }, partSize, queueSize }).done()
    },
    async "minio up"() {
        await ours().fPutObject(Bucket, Key, file)
    },
    // Ranges at once, as it has no such thing of its own; faster than one stream of it.
    async "aws down"() {
        const s3 = aws(), { ContentLength, ETag } = await s3.send(new HeadObjectCommand({ Bucket, Key }))
        const out = await open(file, "w")
        let next = 0
        const fetchParts = async () => {
            while (next < ContentLength) {
                const at = next
                next += partSize
                const got = await s3.send(new GetObjectCommand({ Bucket, Key, IfMatch: ETag, Range: `bytes=${at}-${Math.min(at + partSize, ContentLength) - 1}` }))
                let offset = at
                for await (const piece of got.Body) {
                    await out.write(piece, 0, piece.length, offset)
                    offset += piece.length
                }
            }
        }
        await Promise.all(Array.from({ length: queueSize }, fetchParts))
        await out.close()
    },
    async "aws-stream down"() {
        const got = await aws().send(new GetObjectCommand({ Bucket, Key }))
        await pipeline(got.Body, createWriteStream(file, { highWaterMark: 1 << 20 }))
    },
    async "minio down"() {
        await ours().fGetObject(Bucket, Key, file)
    },
}

const begin = process.hrtime.bigint()
await ways[`${client} ${way}`]()
console.log(Number(process.hrtime.bigint() - begin) / 1e9)
process.exit(0)
