// Connections to the provider's host go to our upstream instead; TLS is checked as ever.
const tls = require("tls");
const [host, port] = process.env.UPSTREAM_INSTEAD.split(":");
const connect = tls.connect;
tls.connect = function (...given) {
  const options = typeof given[0] === "object" ? given[0] : null;
  if (options && (options.host === "api.openai.com" || options.servername === "api.openai.com")) {
    given[0] = { ...options, host, port: Number(port), servername: "api.openai.com" };
  }
  return connect.apply(this, given);
};
require("module").syncBuiltinESMExports();
