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
    std::uint64_t part_size = 0;
    std::optional<checksum> sum{}; // where it must be known before the first part
};

std::vector<int> all_numbers(int count) {
    std::vector<int> numbers(static_cast<std::size_t>(count));
    std::iota(numbers.begin(), numbers.end(), 1);
    return numbers;
}

part_plan plan_of_put(const core& core, std::uint64_t size, std::uint64_t wanted, const std::string& key) {
    return {.size = size, .part_size = part_size_for(size, wanted, core.to().traits(), key)};
}

checksum sum_of_file(const regular_file& from, checksum_kind kind) {
    std::string room(1u << 20, '\0');
    running_checksum sum(kind);
    for (std::uint64_t done = 0; done < from.size;) {
        const auto size = std::min<std::uint64_t>(room.size(), from.size - done);
        sum.update(read_slice(from, {.offset = done, .size = size}, room, kind), size);
        done += size;
    }
    return sum.value();
}

// One of the whole, which follows from the parts'.
checksum_kind of_whole(checksum_kind kind) noexcept { return combines(kind) ? kind : checksum_kind::crc32c; }

struct preparing {
    core_ptr core;
    std::string key;
    std::uint64_t wanted;
    checksum_kind kind;
    bool sum_first; // of the whole, where it can be had

    awaitable<prepared> operator()(shared_bytes bytes) const {
        const auto plan = plan_of_put(*core, bytes.size(), wanted, key);
        auto made = prepared_by(plan);
        if (sum_first)
            made.sum = co_await on_pool(core, [bytes, k = kind] { return checksum_of(bytes.view(), k); });
        made.feed = feed_of(core, std::move(bytes), plan, kind);
        co_return made;
    }
    awaitable<prepared> operator()(file from) const {
        const auto opened = co_await open_on_pool(core, std::move(from.path));
        const auto plan = plan_of_put(*core, opened->size, wanted, key);
        auto made = prepared_by(plan);
        if (sum_first)
            made.sum = co_await on_pool(core, [opened, k = kind] { return sum_of_file(*opened, k); });
        made.feed = feed_of(core, opened, plan, all_numbers(plan.count()), kind);
        co_return made;
    }
    awaitable<prepared> operator()(pieces from) const {
        const auto known = from.size;
        const auto part_size =
            known ? plan_of_put(*core, *known, wanted, key).part_size : part_size_for_any(wanted, core->to().traits());
        co_return prepared{
            .feed = feed_of(core, std::move(from), part_size, key, kind), .size = known, .part_size = part_size};
    }

private:
    static prepared prepared_by(const part_plan& plan) {
        return {.size = plan.size, .parts = static_cast<std::uint64_t>(plan.count()), .part_size = plan.part_size};
    }
};

bool can_be_read_twice(const content& from) noexcept { return !std::holds_alternative<pieces>(from.what()); }

struct beginning {
    prepared source;
    std::unique_ptr<begun_upload> upload;
};

awaitable<beginning> begin_prepared(preparing how, content from, put_request what, deadline limit) {
    auto whole = std::move(from).what();
    beginning made{.source = co_await std::visit(how, std::move(whole)), .upload = {}};
    what.checksum = made.source.sum;
    what.sum = how.kind;
    what.part_size = made.source.part_size;
    made.upload = co_await begin(how.core, std::move(what), limit);
    co_return made;
}

// A store that keeps no checksums keeps one of the whole with the attributes, and those go before the parts. Whether it does is not
// known before the first object. One that has not even said so when an upload by parts began is taken for such a store: the upload
// begins anew, and is the first one aborted.
awaitable<beginning> begin_as_it_keeps_them(preparing how, content from, put_request what, deadline limit) {
    const auto& to = how.core->to();
    const bool again = can_be_read_twice(from);
    const auto that_is_summed = [&] {
        how.kind = of_whole(how.kind);
        how.sum_first = true;
    };
    if (again && !to.traits().keeps_checksums)
        that_is_summed();
    auto made = co_await begin_prepared(how, from, what, limit);
    const auto can = to.traits();
    if (how.sum_first || !again || (can.keeps_checksums && can.checksums_proven))
        co_return made;
    that_is_summed();
    made.upload.reset();
    co_return co_await begin_prepared(how, std::move(from), std::move(what), limit);
}

} // namespace

awaitable<object_info> put_by_parts(core_ptr core, put_request what, content from, put_options how) {
    const auto limit = how.limit.value_or(deadline::never());
    const preparing prepare{.core = core,
                            .key = what.key,
                            .wanted = how.part_size ? how.part_size : core->options.part_size,
                            .kind = core->kind_of(how),
                            .sum_first = false};
    const auto [source, upload] = co_await begin_as_it_keeps_them(prepare, std::move(from), what, limit);
    what.part_size = source.part_size;
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
