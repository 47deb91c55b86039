#pragma once

/// A bucket whose signed URLs are served, on a loop that turns only while something is asked of it.
///
///     served_files files(make_memory_bucket({.public_url = served_files::public_url, .time = &time}));
///     auto answer = files.fetch({.url = url});

#include "tests/conformance/subject.hpp"

#include <infra/http_client.hpp>
#include <infra/http_server.hpp>
#include <infra/storage/serve.hpp>
#include <infra/testing/test_loop.hpp>

#include <memory>
#include <string>
#include <utility>

namespace infra::storage::serve {

class served_files {
public:
    /// As clients behind a proxy see it: requests go to the port that the server has, with this host's name.
    static inline const std::string host = "files.test:8080";
    static inline const std::string public_url = "http://" + host + "/storage";

    explicit served_files(std::shared_ptr<bucket> kept, serve_options serving = {}, http::server_options server = {},
                          const std::string& prefix = "/storage")
        : bucket_(std::move(kept)) {
        http::router routes;
        add_signed_urls(routes, storage({.bucket = bucket_}), prefix, serving);
        server.port = 0;
        server_ = std::make_unique<http::server>(std::vector{loop.get_executor()}, routes, server);
        server_->listen();
        running_ = loop.spawn(server_->run());
        client_ = std::make_unique<http::client>(loop.get_executor());
    }
    ~served_files() {
        loop.wait(client_->stop(deadline()));
        loop.wait(server_->stop(deadline::after(std::chrono::seconds(0))));
        loop.until([this] { return running_->done(); });
    }

    outside_answer fetch(outside_request what) {
        http::client_request sent{.method = what.method, .url = at_port(what.url), .body = std::move(what.body)};
        for (const auto& [name, value] : what.headers)
            if (name.size() != 14) // Content-Length is the client's own word
                sent.headers.append(name, value);
        if (!sent.headers.contains("Host"))
            sent.headers.set("Host", host);
        auto answer = loop.get(client_->send(std::move(sent)));
        return {answer.status, std::move(answer.headers), std::move(answer.body)};
    }

    /// The URL with the server's own address in it.
    std::string at_port(std::string url) const {
        const std::string origin = "http://" + host;
        if (url.starts_with(origin))
            url.replace(0, origin.size(), "http://" + authority());
        return url;
    }
    std::string authority() const { return "127.0.0.1:" + std::to_string(server_->port()); }

    const std::shared_ptr<bucket>& kept() const noexcept { return bucket_; }

    testing::test_loop loop;

private:
    std::shared_ptr<bucket> bucket_;
    std::unique_ptr<http::server> server_;
    std::shared_ptr<testing::outcome<bool>> running_;
    std::unique_ptr<http::client> client_;
};

} // namespace infra::storage::serve
