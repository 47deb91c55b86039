const [file, said, images] = ["#file", "#said", "#images"].map((id) => document.querySelector(id));

const ask = async (path, body) => {
  const answer = await fetch(path, body && { method: "POST", body: JSON.stringify(body) });
  const document = await answer.json();
  if (!answer.ok) throw new Error(document.error?.message ?? answer.statusText);
  return document;
};

const show = async () => {
  const list = (await ask("/images")).images.map(({ url }) => Object.assign(new Image(), { src: url, alt: "", loading: "lazy" }));
  images.replaceChildren(...list);
};

file.addEventListener("change", async () => {
  const [chosen] = file.files;
  if (!chosen) return;
  try {
    const { key, url, headers } = await ask("/uploads", { type: chosen.type, size: chosen.size });
    const put = await fetch(url, { method: "PUT", body: chosen, headers });
    if (!put.ok) throw new Error(`the storage said ${put.status}`);
    await ask("/images", { key });
    said.value = "It is there.";
    await show();
  } catch (problem) {
    said.value = problem.message;
  }
});

show();
