#include "sweep.hpp"

#include "../page_tokens.hpp"
#include "at_once.hpp"
#include "transfer.hpp"

#include <infra/base/time.hpp>
#include <infra/storage/error.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace infra::storage {
namespace {

awaitable<uploads_page> page_of(core_ptr core, std::string prefix, std::string token) {
    const auto to = core->options.bucket;
    const auto once = [to, prefix, token](attempt a) { return to->list_uploads(prefix, token, a.limit); };
    co_return co_await core->calls.run<uploads_page>({.op = "list uploads"}, once, core->limit_of({}));
}

// All of them before the first is aborted: a page that begins behind an upload may not find its place once that has gone.
awaitable<std::vector<upload_id>> uploads_before(core_ptr core, wall_time when, std::string prefix) {
    std::vector<upload_id> old;
    std::string token;
    page_tokens tokens;
    do {
        auto page = co_await page_of(core, prefix, token);
        for (auto& each : page.uploads)
            if (each.begun <= when)
                old.push_back(std::move(each.upload));
        token = tokens.next(std::move(page.token), "list uploads");
    } while (!token.empty());
    co_return old;
}

// One that cannot be aborted keeps none of the others, and is told of in the end.
awaitable<std::optional<storage_error>> abort_all(core_ptr core, std::vector<upload_id> uploads) {
    std::size_t next = 0;
    std::optional<storage_error> failure;
    const auto work = [&]() -> awaitable<void> {
        while (next < uploads.size()) {
            const auto each = uploads[next++];
            try {
                co_await abort(core, each, core->limit_of({}));
            } catch (const storage_error& e) {
                failure = e;
            }
        }
    };
    if (!uploads.empty())
        co_await at_once(std::min(core->options.concurrency, uploads.size()), work);
    co_return failure;
}

awaitable<std::size_t> sweep_leavings(core_ptr core, std::chrono::milliseconds age) {
    const auto to = core->options.bucket;
    const auto once = [to, age](attempt a) { return to->sweep_leavings(age, a.limit); };
    co_return co_await core->calls.run<std::size_t>({.op = "sweep"}, once, core->limit_of({}));
}

} // namespace

awaitable<sweep_result> sweep(core_ptr core, std::chrono::milliseconds age, std::string prefix) {
    const auto before = saturating_add(core->time().wall(), -age);
    auto old = co_await uploads_before(core, before, std::move(prefix));
    sweep_result result{.uploads = old.size()};
    const auto failure = co_await abort_all(core, std::move(old));
    result.leavings = co_await sweep_leavings(core, age);
    if (failure)
        throw storage_error(*failure);
    co_return result;
}

} // namespace infra::storage
