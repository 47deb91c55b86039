#pragma once

/// The browser's side: one ES module without dependencies, less than 3 KB on the wire.
///
///     realtime::add_client_module(routes);             // GET /infra/realtime.js
///
///     <script type="module">
///       import { connect } from "/infra/realtime.js";
///       connect("/ws").subscribe("room:1", m => console.log(m.data));
///     </script>
///
/// It comes back after a lost connection, subscribes again from where it was, and says whether anything was missed; the README
/// ("In the browser") tells more.

#include <infra/http_server/router.hpp>

#include <string_view>

namespace infra::realtime {

/// What browsers load. Threads: any.
std::string_view client_module() noexcept;

/// What TypeScript reads beside it.
std::string_view client_types() noexcept;

/// Serves both: the types under the path with `.d.ts` instead of `.js`. Compressed for those who take it, and asked for again only when
/// it has changed. Throws std::invalid_argument for a path that does not end in `.js`.
void add_client_module(http::router& routes, std::string_view path = "/infra/realtime.js");

} // namespace infra::realtime
