// node webhook.mjs FILE: what npm's standardwebhooks and resend say to the requests in FILE, a list of {"secret", "id", "timestamp", "body"}
// and perhaps "signature". Prints for each {"signature": its own, "takes": whether both take the one given}.
import { readFileSync } from "node:fs";
import { Resend } from "resend";
import { Webhook } from "standardwebhooks";

const resend = new Resend("re_none");
const takes = (verify) => {
  try {
    verify();
    return true;
  } catch {
    return false;
  }
};
const said = JSON.parse(readFileSync(process.argv[2], "utf8")).map(({ secret, id, timestamp, body, signature }) => {
  const webhook = new Webhook(secret);
  const headers = { id, timestamp, signature: signature ?? "" };
  const theirs = { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": headers.signature };
  const both = [
    takes(() => webhook.verify(body, theirs)),
    takes(() => resend.webhooks.verify({ payload: body, headers, webhookSecret: secret })),
  ];
  if (both[0] !== both[1]) throw new Error("they differ");
  return { signature: webhook.sign(id, new Date(Number(timestamp) * 1000), body), takes: both[0] };
});
console.log(JSON.stringify(said));
