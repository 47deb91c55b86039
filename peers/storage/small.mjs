// Many small objects put or got, and how many seconds it took, warm.
//
//     node small.mjs put|get ENDPOINT COUNT SIZE AT_ONCE
import { Agent } from "node:http"
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3"

const [way, endpoint, count, size, atOnce] = process.argv.slice(2)
const Bucket = "photos", Body = Buffer.alloc(Number(size), "x")
const client = new S3Client({
    endpoint, region: "us-east-1", forcePathStyle: true, credentials: { accessKeyId: "AKIDSTUB", secretAccessKey: "stub-secret" },
    requestHandler: { httpAgent: new Agent({ keepAlive: true, maxSockets: Number(atOnce) }) },
})
const one = way === "put"
    ? (i) => client.send(new PutObjectCommand({ Bucket, Key: `small/${i}`, Body }))
    : (i) => client.send(new GetObjectCommand({ Bucket, Key: `small/${i}` })).then((got) => got.Body.transformToByteArray())

async function all(number) {
    let next = 0
    const worker = async () => {
        while (next < number) await one(next++)
    }
    await Promise.all(Array.from({ length: Number(atOnce) }, worker))
}

await all(1000)
const begin = process.hrtime.bigint()
await all(Number(count))
console.log(Number(process.hrtime.bigint() - begin) / 1e9)
process.exit(0)
