#include "put.hpp"

#include "../progress.hpp"
#include "feed.hpp"
#include "on_pool.hpp"
#include "plan.hpp"
#include "transfer.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

namespace infra::storage {
namespace {

// What an object comes from, once it is known how it is cut.
struct prepared {
    feed_ptr feed{};
    std::optional<std::uint64_t> size{};
    std::optional<std::uint64_t> parts{};
    std::optional<checksum> sum{}; // where it must be known before the first part
};

std::vector<int> all_numbers(int count) {
    std::vector<int> numbers(static_cast<std::size_t>(count));
    std::iota(numbers.begin(), numbers.end(), 1);
    return numbers;
}

part_plan plan_of(const core& core, std::uint64_t size, std::uint64_t wanted, const std::string& key) {
    return {.size = size, .part_size = part_size_for(size, wanted, core.to().traits(), key)};
}

checksum sum_of_file(const regular_file& from, checksum_kind kind) {
    std::string room(1u << 20, '\0');
    checksum sum(kind);
    for (std::uint64_t done = 0; done < from.size;) {
        const auto size = std::min<std::uint64_t>(room.size(), from.size - done);
        const auto next = read_slice(from, {.offset = done, .size = size}, room, kind);
        sum = combine(sum, next, size);
        done += size;
    }
    return sum;
}

struct preparing {
    core_ptr core;
    std::string key;
    std::uint64_t wanted;
    checksum_kind kind;

    // A store that keeps no checksums keeps one with the attributes, and those go before the parts. Whether it does is not known before
    // the first object: to sum what is in memory costs little, to read a file twice is for those that are known.
    awaitable<prepared> operator()(shared_bytes bytes) const {
        const auto plan = plan_of(*core, bytes.size(), wanted, key);
        prepared made{.size = plan.size, .parts = static_cast<std::uint64_t>(plan.count())};
        made.sum = co_await on_pool(core, [bytes, k = kind] { return checksum_of(bytes.view(), k); });
        made.feed = feed_of(core, std::move(bytes), plan, kind);
        co_return made;
    }
    awaitable<prepared> operator()(file from) const {
        const auto opened = co_await open_on_pool(core, std::move(from.path));
        const auto plan = plan_of(*core, opened->size, wanted, key);
        prepared made{.size = plan.size, .parts = static_cast<std::uint64_t>(plan.count())};
        if (!core->to().traits().keeps_checksums)
            made.sum = co_await on_pool(core, [opened, k = kind] { return sum_of_file(*opened, k); });
        made.feed = feed_of(core, opened, plan, all_numbers(plan.count()), kind);
        co_return made;
    }
    awaitable<prepared> operator()(pieces from) const {
        const auto known = from.size;
        const auto part_size =
            known ? plan_of(*core, *known, wanted, key).part_size : part_size_for_any(wanted, core->to().traits());
        co_return prepared{.feed = feed_of(core, std::move(from), part_size, key, kind), .size = known};
    }
};

} // namespace

awaitable<object_info> put_by_parts(core_ptr core, put_request what, content from, put_options how) {
    const auto limit = how.limit.value_or(deadline::never());
    const auto kind = core->to().traits().sum;
    const preparing prepare{core, what.key, how.part_size ? how.part_size : core->options.part_size, kind};
    auto whole = std::move(from).what();
    auto source = co_await std::visit(prepare, std::move(whole));
    what.checksum = source.sum;

    const auto upload = co_await begin(core, what, limit);
    std::map<int, part> parts;
    progress_teller progress(std::move(how.on_progress), source.size, core->time());
    const part_listener arrived = [&](const part& each) {
        parts.insert_or_assign(each.number, each);
        progress.moved(each.size);
    };
    const auto at_once = std::min<std::uint64_t>(how.concurrency ? how.concurrency : core->options.concurrency,
                                                 source.parts.value_or(UINT64_MAX));
    co_await put_parts({.core = core, .upload = upload->id(), .limit = limit}, source.feed,
                       static_cast<std::size_t>(at_once), arrived);

    if (source.sum && source.sum != whole_of(parts).sum)
        throw storage_error(infra::errc::io, "put " + what.key + ": the file was changed meanwhile");
    auto made = co_await complete(core, upload->id(), std::move(parts), std::move(what), limit);
    upload->keep();
    progress.ended();
    co_return made;
}

} // namespace infra::storage
