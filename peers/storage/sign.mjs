// node sign.mjs FILE: how npm's @smithy/signature-v4 signs the requests in FILE, a list of {"keys": {"id", "secret", "token"}, "region",
// "date" (milliseconds), "method", "key", "query": {name: [values]}, "headers", "payload", "expires"}. Prints for each
// {"authorization", "query": {…}}: the header field, and the pairs of the URL that is good for so many seconds.
import { createHash, createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
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

const escaped = (text) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase());
const path = (key) => "/" + key.split("/").map(escaped).join("/");

const signed = async ({ keys, region, date, method, key, query, headers, payload, expires }) => {
  const signer = new SignatureV4({
    service: "s3",
    region,
    sha256: Sha256,
    uriEscapePath: false,
    credentials: { accessKeyId: keys.id, secretAccessKey: keys.secret, sessionToken: keys.token || undefined },
  });
  const request = (hash) => ({
    method,
    path: path(key),
    protocol: "http:",
    hostname: headers.Host,
    query: { ...query },
    headers: { ...headers, "x-amz-content-sha256": hash },
  });
  const signingDate = new Date(date);
  const byHeader = await signer.sign(request(payload), { signingDate });
  const byQuery = await signer.presign(request("UNSIGNED-PAYLOAD"), {
    signingDate,
    expiresIn: expires,
    unhoistableHeaders: new Set([...Object.keys(headers), "x-amz-content-sha256"].map((name) => name.toLowerCase())),
    unsignableHeaders: new Set(["x-amz-content-sha256"]),
  });
  return { authorization: byHeader.headers.authorization, query: byQuery.query };
};

console.log(JSON.stringify(await Promise.all(JSON.parse(readFileSync(process.argv[2], "utf8")).map(signed))));
