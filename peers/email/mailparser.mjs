// node mailparser.mjs FILE…: what npm's mailparser reads in each, as JSON:
// [{"subject", "message_id", "html", "text", "addresses": {"from": [[name, address]]}, "headers": {}, "files": []}].
import { readFileSync } from "node:fs";
import { simpleParser } from "mailparser";

const pairs = (field) => [field ?? []].flat().flatMap((f) => f.value ?? []).map((a) => [a.name, a.address ?? ""]);
async function read(path) {
  const mail = await simpleParser(readFileSync(path), { skipImageLinks: true, skipTextToHtml: true, skipHtmlToText: true });
  return {
    subject: mail.subject ?? "",
    message_id: mail.messageId ?? "",
    html: mail.html || "",
    text: mail.text ?? "",
    addresses: { from: pairs(mail.from), to: pairs(mail.to), cc: pairs(mail.cc), bcc: pairs(mail.bcc), reply_to: pairs(mail.replyTo) },
    headers: Object.fromEntries(mail.headerLines.map(({ key, line }) => [key, line.slice(line.indexOf(":") + 1).trim()])),
    files: mail.attachments.map((a) => ({
      filename: a.filename ?? "",
      type: a.contentType,
      disposition: a.contentDisposition,
      cid: a.contentId ?? "",
      content: a.content.toString("hex"),
    })),
  };
}
const all = [];
for (const path of process.argv.slice(2)) all.push(await read(path));
console.log(JSON.stringify(all));
