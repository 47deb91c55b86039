// s3rver, which checks signatures, on a port of its own.
//
//     node s3rver.mjs DIRECTORY BUCKET
//
// The keys are S3RVER and S3RVER. Prints its endpoint, and serves until its input ends.
import S3rver from "@20minutes/s3rver"

const [directory, name] = process.argv.slice(2)
const server = new S3rver({ address: "127.0.0.1", port: 0, silent: true, directory, configureBuckets: [{ name }] })
const { port } = await server.run()
console.log(`http://127.0.0.1:${port}`)
process.stdin.on("end", () => process.exit(0)).resume()
