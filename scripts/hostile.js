// Loads the pages of a stack that scripts/hostile.py has filled, and ends with 1 when anything of a name came alive in one.
const fs = require("fs");
const { chromium } = require("playwright-core");

const info = JSON.parse(fs.readFileSync(process.argv[2], "utf8").split("\n")[0]);
const script = encodeURIComponent('"><script>alert(9)</script>');
const PAGES = [
  ...["/", "/hostile/", "/hostile/v/", "/hostile/builds/", `/hostile/v/nowhere/${script}`, `/${script}`,
    `/hostile/_search/?q=${script}`].map((path) => info.docs + path),
  ...["/docs", "/registry", "/products/hostile", "/documents/hostile", "/documents/hostile/versions/1.0/html",
    `/products/${script}`].map((path) => info.api + path),
];

async function look(context, url) {
  const page = await context.newPage();
  const wrong = [];
  page.on("dialog", (dialog) => { wrong.push(`it said ${dialog.message()}`); dialog.dismiss(); });
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("console", (message) => { if (/Content Security Policy/.test(message.text())) wrong.push(message.text()); });
  await page.goto(url);
  await page.waitForTimeout(1000);
  const alive = await page.evaluate(() =>
    [...document.querySelectorAll("script")].filter((one) => /alert\(/.test(one.textContent)).length
    + document.querySelectorAll("img[src=x], svg[onload], [onmouseover], a[href^='javascript:']").length);
  if (alive > 0) wrong.push(`${alive} elements of a name`);
  const policies = await page.locator("meta[http-equiv='Content-Security-Policy']").count();
  const sent = (await page.request.get(url)).headers()["content-security-policy"];
  if (policies === 0 && !sent) wrong.push("it has no policy");
  await page.close();
  console.log(wrong.length ? "WRONG" : "right", url, ...wrong);
  return wrong.length === 0;
}

(async () => {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"] });
  const context = await browser.newContext();
  let right = true;
  for (const url of PAGES) right = (await look(context, url)) && right;
  await browser.close();
  process.exit(right ? 0 : 1);
})();
