// node sign_speed.mjs sign|presign TIMES: microseconds that one signature takes @smithy/signature-v4 with Node's own SHA-256.
import { createHash, createHmac } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";

class Sha256 {
  constructor(secret) {
    this.hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret);
  }
  update(bytes) {
    this.hash.update(bytes);
  }
  async digest() {
    return this.hash.digest();
  }
}

const signer = new SignatureV4({
  service: "s3",
  region: "eu-central-1",
  sha256: Sha256,
  uriEscapePath: false,
  credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" },
});
const [what, times] = [process.argv[2], Number(process.argv[3])];
const put = what === "sign";
const more = { "content-type": "image/jpeg", "content-length": "8388608", "x-amz-checksum-crc32c": "mnG7TA==" };
const request = {
  method: put ? "PUT" : "GET",
  path: "/photos/avatars/user-123.jpg",
  protocol: "https:",
  hostname: "s3.eu-central-1.amazonaws.com",
  query: {},
  headers: { host: "s3.eu-central-1.amazonaws.com", "x-amz-content-sha256": "UNSIGNED-PAYLOAD", ...(put ? more : {}) },
};
const once = put ? () => signer.sign(request) : () => signer.presign(request, { expiresIn: 3600 });
for (let i = 0; i < times / 10; ++i) await once();
const begin = process.hrtime.bigint();
for (let i = 0; i < times; ++i) await once();
console.log(Number(process.hrtime.bigint() - begin) / 1000 / times);
