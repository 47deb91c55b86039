// node resend_send.mjs URL MAILS AT_ONCE: how many seconds npm's resend takes to send so many mails, so many at once, to the API at URL;
// the median of three times, after one that does not count.
import { Resend } from "resend";

const [, , url, mails, atOnce] = process.argv;
const resend = new Resend("re_bench", { baseUrl: url });

async function send(i) {
  const mail = {
    from: "Shop <hello@shop.example>",
    to: [`ann${i}@example.org`],
    subject: `Welcome, ${i}`,
    html: `<p>Hi <b>Ann ${i}</b>, welcome.</p>`,
    text: `Hi Ann ${i}, welcome.`,
  };
  const { error } = await resend.emails.send(mail, { idempotencyKey: `welcome/${i}/${process.hrtime.bigint()}` });
  if (error) throw new Error(error.message);
}

async function sendAll() {
  const begin = process.hrtime.bigint();
  let next = 0;
  const sender = async () => {
    while (next < Number(mails)) await send(next++);
  };
  await Promise.all(Array.from({ length: Number(atOnce) }, sender));
  return Number(process.hrtime.bigint() - begin) / 1e9;
}

await sendAll();
const took = [await sendAll(), await sendAll(), await sendAll()].sort((a, b) => a - b);
console.log(took[1]);
process.exit(0);
