#pragma once

/// A bucket of ours on a stub of S3, and a loop to call it on.

#include "tests/s3/stub/server.hpp"

#include <infra/storage/s3.hpp>
#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace infra::storage {

inline awaitable<std::string> whole(std::shared_ptr<bucket> from, get_request what, deadline limit) {
    auto got = co_await from->get(std::move(what), limit);
    std::string bytes;
    for (auto piece = co_await got.pieces(); !piece.empty(); piece = co_await got.pieces())
        bytes += piece;
    co_return bytes;
}

class on_stub {
public:
    explicit on_stub(stub::profile like = stub::aws(), std::function<void(s3_options&)> change = {})
        : on_stub(stub::options{.profile = std::move(like)}, std::move(change)) {}
    explicit on_stub(stub::options o, std::function<void(s3_options&)> change = {}) : server(std::move(o)) {
        s3_options mine{.bucket = server.bucket(), .endpoint = server.endpoint(), .keys = server.keys()};
        if (change)
            change(mine);
        bucket = make_s3_bucket(std::move(mine));
    }

    static deadline soon() { return deadline::after(std::chrono::seconds(30)); }

    object_info put(const std::string& key, const std::string& bytes, write_conditions write = {}) {
        return loop.get(bucket->put(request(key, bytes, std::move(write)), {.bytes = bytes}, soon()));
    }
    storage_error put_failure(const std::string& key, const std::string& bytes, write_conditions write = {}) {
        return failure(bucket->put(request(key, bytes, std::move(write)), {.bytes = bytes}, soon()));
    }
    std::string get(const std::string& key, std::optional<byte_range> range = {}) {
        return loop.get(whole(bucket, {.key = key, .range = range}, soon()));
    }
    object_info head(const std::string& key) { return loop.get(bucket->head(key, {}, soon())); }

    put_request request(const std::string& key, const std::string& bytes, write_conditions write = {}) const {
        return {.key = key, .write = std::move(write), .checksum = checksum_of(bytes, bucket->traits().sum)};
    }

    template <class T>
    storage_error failure(awaitable<T> operation) {
        const auto done = loop.run(std::move(operation));
        try {
            if (done->failure)
                std::rethrow_exception(done->failure);
        } catch (const storage_error& e) {
            return e;
        } catch (const std::exception& e) {
            ADD_FAILURE() << "no storage_error: " << e.what();
        }
        return {boost::system::error_code(), "it did not fail"};
    }

    std::size_t asked(std::string_view op) const { return server.requests_of(op).size(); }
    stub::seen last(std::string_view op) const { return server.requests_of(op).back(); }

    stub::server server;
    testing::test_loop loop;
    std::shared_ptr<infra::storage::bucket> bucket;
};

} // namespace infra::storage
