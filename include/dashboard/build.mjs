// Builds static/dashboard.js from source/. The first line tells what it was built from: tests/dashboard/test_bundle.py compares.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { build } from "esbuild";

const inputs = ["package-lock.json", "build.mjs", ...readdirSync("source").sort().map((name) => `source/${name}`)];
const hash = createHash("sha256");
for (const name of inputs) hash.update(`${name}\n`).update(readFileSync(name));

await build({
  entryPoints: ["source/main.js"],
  outfile: process.argv[2] ?? "static/dashboard.js",
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2020",
  charset: "utf8",
  legalComments: "eof",
  banner: { js: `/* built by include/dashboard/build.mjs from ${hash.digest("hex")} */` },
});
