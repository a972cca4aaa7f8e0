// PouchDB Server's HTTP layer over PouchDB in memory, on loopback: a stand-in for CouchDB.
//
// Two things of CouchDB are put in front of it, because a backend that gets them wrong must not
// pass here and fail there: a request with no or with wrong credentials is refused, and so is the
// creation of a database under a name that CouchDB does not take. One fault is mended, because it
// would fail every backend: see `listEveryId`.
//
// Plain `http.createServer`: inside a newer Express the layer loses its query parameters, and then
// whoever reads page by page reads the first page for ever.
"use strict";

const crypto = require("node:crypto");
const http = require("node:http");
const expressPouchDB = require("express-pouchdb");
const PouchDB = require("pouchdb-core").plugin(require("pouchdb-adapter-memory"));

// The store below takes the end of the list to be U+00FF: _all_docs and _find leave out every id
// that begins with a later character. A list that is told its end has them all up to there; the
// store compares UTF-16 units.
const LAST = "\uffff".repeat(1024);

function listEveryId(adapter) {
  function Listing(options, callback) {
    adapter.call(this, options, callback);
    const allDocs = this._allDocs;
    this._allDocs = (asked, done) => {
      const bound = asked.descending ? "startkey" : "endkey";
      return allDocs.call(this, { ...asked, [bound]: asked[bound] ?? LAST }, done);
    };
  }
  return Object.assign(Listing, adapter);
}

PouchDB.adapters.memory = listEveryId(PouchDB.adapters.memory);

const [user, password] = [process.env.KIT_COUCHDB_USER, process.env.KIT_COUCHDB_PASSWORD];
const port = Number(process.argv[2]);
const app = expressPouchDB(PouchDB.defaults({ adapter: "memory" }), {
  inMemoryConfig: true,
  mode: "minimumForPouchDB",
  overrideMode: { include: ["routes/find"] },
});

function digest(text) {
  return crypto.createHash("sha256").update(text).digest();
}

const expected = digest("Basic " + Buffer.from(`${user}:${password}`).toString("base64"));

function refusal(request) {
  const path = request.url.split("?", 1)[0];
  const given = request.headers.authorization;
  if (given === undefined) {
    const open = path === "/" || path === "/_session";
    return open ? null : [401, "unauthorized", "You are not authorized to access this db."];
  }
  if (!crypto.timingSafeEqual(digest(given), expected)) {
    return [401, "unauthorized", "Name or password is incorrect."];
  }
  if (request.method === "PUT" && /^\/[^/]+\/?$/.test(path)) {
    const name = decodeURIComponent(path.replaceAll("/", ""));
    if (!/^([a-z][a-z0-9_$()+/-]{0,237}|_users|_replicator|_global_changes)$/.test(name)) {
      return [400, "illegal_database_name", `Name: '${name}' is not one that CouchDB takes.`];
    }
  }
  return null;
}

const server = http.createServer((request, response) => {
  const refused = refusal(request);
  if (refused === null) {
    app(request, response);
    return;
  }
  const [status, error, reason] = refused;
  request.resume();
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify({ error, reason }) + "\n");
});
server.keepAliveTimeout = 300_000; // CouchDB's; with Node's own 5 s a client's idle connection dies
server.listen(port, "127.0.0.1");
