// node nodemailer.mjs PORT MAILS AT_ONCE: how many seconds npm's nodemailer takes for so many mails over four connections, warm.
import { createTransport } from "nodemailer";

const [port, mails, atOnce] = process.argv.slice(2).map(Number);
const transport = createTransport({
  host: "127.0.0.1", port, ignoreTLS: true, pool: true, maxConnections: 4, maxMessages: Infinity,
});

async function sendAll() {
  let next = 0;
  const begin = performance.now();
  const one = async () => {
    while (next < mails) {
      const i = next++;
      await transport.sendMail({
        from: "Shop <hello@shop.example>", to: `ann${i}@example.org`, subject: `Welcome, ${i}`,
        html: `<p>Hi <b>Ann ${i}</b>, welcome.</p>`, text: `Hi Ann ${i}, welcome.`,
      });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  return (performance.now() - begin) / 1000;
}

await sendAll();
const took = [await sendAll(), await sendAll(), await sendAll()].sort((a, b) => a - b);
console.log(took[1]);
transport.close();
