// Checks requests against GitHub's own description of its API.
//
//   npm install --prefix DIR @octokit/openapi@23.0.2 ajv@8.20.0
//   OVERLIFT_REQUESTS_LOG=/tmp/requests.jsonl cargo test --test behaviour github
//   NODE_PATH=DIR/node_modules node tests/support/github/openapi.mjs /tmp/requests.jsonl
//
// Each request has to have an operation in the description, a body that its schema allows, known query
// parameters, and a body's properties that the schema names. Exits with 1 if one does not.
import { createReadStream } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(process.env.NODE_PATH + "/x.js");
const Ajv = require("ajv");
const api = require("@octokit/openapi/generated/api.github.com.deref.json");
const ajv = new Ajv({ strict: false, validateFormats: false });

// Branch names and commit ranges have slashes: the last parameter of a path may match several parts.
const routes = Object.entries(api.paths).flatMap(([path, operations]) => {
  const greedy = /\{(ref|basehead|branch|tree_sha|path)\}$/.test(path);
  const parts = path.split("/").map((part, at, all) =>
    !part.startsWith("{") ? part.replace(/[.+]/g, "\\$&") : greedy && at === all.length - 1 ? "(.+)" : "([^/]+)");
  const pattern = new RegExp(`^${parts.join("/")}$`);
  const fixed = path.split("/").filter((part) => !part.startsWith("{")).length;
  return Object.entries(operations).map(([method, operation]) => ({ method, path, pattern, fixed, operation }));
});

const compiled = new Map();
const schemaOf = (operation) => operation.requestBody?.content?.["application/json"]?.schema;
const faults = new Map();
const seen = new Map();
const fault = (text) => faults.set(text, (faults.get(text) ?? 0) + 1);

function check({ method, path, body }) {
  const [bare, query = ""] = path.replace(/^\/api\/v3/, "").split("?");
  const matches = routes.filter((route) => route.method === method.toLowerCase() && route.pattern.test(bare));
  const route = matches.sort((a, b) => b.fixed - a.fixed)[0];
  if (!route) return fault(`${method} ${bare}: no such operation`);
  const name = `${method} ${route.path}`;
  seen.set(name, (seen.get(name) ?? 0) + 1);
  const known = (route.operation.parameters ?? []).filter((p) => p.in === "query").map((p) => p.name);
  for (const [key] of new URLSearchParams(query)) {
    if (!known.includes(key)) fault(`${name}: unknown query parameter ${key}`);
  }
  const schema = schemaOf(route.operation);
  if (!schema) return body && fault(`${name}: takes no body`);
  if (!compiled.has(name)) compiled.set(name, ajv.compile(schema));
  const validate = compiled.get(name);
  if (!validate(body)) fault(`${name}: ${ajv.errorsText(validate.errors)}`);
  for (const key of Object.keys(body ?? {})) {
    const variants = [schema, ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])];
    if (!variants.some((variant) => variant.properties?.[key])) fault(`${name}: unknown property ${key}`);
  }
}

for await (const line of createInterface({ input: createReadStream(process.argv[2]) })) {
  const request = JSON.parse(line);
  // What a fault ate was not recorded with its body, and what was refused is a test's own doing.
  if (request.status >= 200 && request.status < 300) check(request);
}
for (const [name, count] of [...seen].sort()) console.log(`${String(count).padStart(6)}  ${name}`);
for (const [text, count] of faults) console.log(`FAULT ${count}x  ${text}`);
console.log(`${seen.size} operations, ${faults.size} faults`);
process.exit(faults.size ? 1 : 0);
