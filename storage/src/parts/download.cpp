#include "download.hpp"

#include "../progress.hpp"
#include "../version.hpp"
#include "../whole_check.hpp"
#include "at_once.hpp"
#include "feed.hpp"
#include "on_pool.hpp"
#include "plan.hpp"
#include "reception.hpp"
#include "target.hpp"

#include <infra/storage/error.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace infra::storage {
namespace {

// What a part may have in memory on its way to the disk.
constexpr std::size_t in_hand = 3u << 20;

using target_ptr = std::shared_ptr<target_file>;

// One try at it. An object that is replaced meanwhile needs another.
class downloading {
public:
    downloading(core_ptr core, std::string key, target_ptr to, download_options how)
        : core_(std::move(core)),
          key_(std::move(key)),
          to_(std::move(to)),
          how_(std::move(how)),
          limit_(how_.limit.value_or(deadline::never())) {}

    awaitable<object_info> run();

private:
    awaitable<void> take_up_what_is_left();
    awaitable<void> ask_for_the_rest();
    awaitable<void> ask_for_all();
    awaitable<void> ask_for_the_checksum();
    awaitable<void> fit(bool anew);
    awaitable<void> begin();
    awaitable<void> receive_all();
    awaitable<void> receive(slice part);
    awaitable<void> check();
    awaitable<bool> is_what_was_put();

    awaitable<ticket> room_for(std::uint64_t part_size) const;
    awaitable<opened> get(slice part, read_conditions read) const;
    awaitable<object_info> head(read_conditions read) const;
    std::vector<int> missing() const;

    const core_ptr core_;
    const std::string key_;
    const target_ptr to_;
    const download_options how_;
    const deadline limit_;
    object_info info_{};
    part_plan plan_{};
    checksum_kind kind_ = checksum_kind::crc32c;
    std::map<int, checksum> arrived_{};
    std::optional<opened> first_{}; // of the first part that is missing
    ticket first_room_{};           // for it
    std::shared_ptr<progress_teller> progress_{};
};

awaitable<object_info> downloading::run() {
    co_await take_up_what_is_left();
    first_room_ = co_await room_for(how_.part_size ? how_.part_size : core_->options.part_size);
    const bool anew = info_.etag.empty();
    co_await (anew ? ask_for_all() : ask_for_the_rest());
    co_await ask_for_the_checksum();
    co_await fit(anew);
    co_await receive_all();
    co_await check();
    co_await on_pool(core_, [to = to_] { to->finish(); });
    progress_->ended();
    co_return info_;
}

// A part counts if it is what its line says: nobody waited for the disk when it was written.
awaitable<void> downloading::take_up_what_is_left() {
    const auto left = to_->left();
    if (!left || (!how_.if_match.empty() && how_.if_match != left->etag))
        co_return;
    info_.etag = left->etag;
    plan_ = {.size = left->size, .part_size = left->part_size};
    kind_ = left->kind;
    for (const auto& [number, sum] : left->arrived) {
        if (number < 1 || number > plan_.count())
            continue;
        const auto there = co_await on_pool(
            core_, [to = to_, part = plan_.at(number), kind = kind_] { return to->read_back(part, kind); });
        if (there == sum)
            arrived_.insert_or_assign(number, sum);
    }
}

awaitable<void> downloading::ask_for_the_rest() {
    const auto etag = info_.etag;
    if (const auto numbers = missing(); numbers.empty()) {
        info_ = co_await head({.if_match = etag});
    } else {
        first_ = co_await get(plan_.at(numbers.front()), {.if_match = etag});
        info_ = first_->info;
    }
    if (info_.size != plan_.size || info_.etag != etag)
        throw changed_meanwhile(key_);
}

// The first range tells the length and the version. Of an object of no bytes there is none.
awaitable<void> downloading::ask_for_all() {
    const auto part_size = how_.part_size ? how_.part_size : core_->options.part_size;
    try {
        first_ = co_await get({.number = 1, .size = part_size}, {.if_match = how_.if_match});
    } catch (const storage_error& e) {
        if (e.code() != errc::bad_range)
            throw;
    }
    info_ = first_ ? first_->info : co_await head({.if_match = how_.if_match});
    if (!first_ && info_.size != 0)
        throw changed_meanwhile(key_);
    plan_ = {.size = info_.size, .part_size = part_size};
}

// Which the answer about a part may lack, while that about the whole has it. The first part is let go of: were many downloads to keep
// theirs meanwhile, no connection would be left to ask on.
awaitable<void> downloading::ask_for_the_checksum() {
    if (info_.checksum || info_.composite || !first_ || first_->length >= info_.size)
        co_return;
    first_.reset();
    const auto whole = co_await head(only_that_version(info_));
    info_.checksum = whole.checksum;
    info_.composite = whole.composite;
    info_.part_size = whole.part_size;
}

/// Of the ranges: what is to be compared follows from them, but for a SHA-256 of the whole.
checksum_kind kind_of_parts(const object_info& info, checksum_kind usual) noexcept {
    const auto kind = info.checksum       ? info.checksum->kind()
                      : knows_parts(info) ? info.composite->of_parts.kind()
                                          : usual;
    return combines(kind) || knows_parts(info) ? kind : checksum_kind::crc32c;
}

// Where the object's checksum is made of its parts', the ranges are those parts.
awaitable<void> downloading::fit(bool anew) {
    const auto kind = kind_of_parts(info_, core_->to().traits().sum);
    const auto part_size = !info_.checksum && knows_parts(info_) ? info_.part_size : plan_.part_size;
    if (!anew && kind == kind_ && part_size == plan_.part_size)
        co_return;
    if (!anew || part_size != plan_.part_size)
        first_.reset();
    kind_ = kind;
    plan_.part_size = part_size;
    arrived_.clear();
    co_await begin();
}

awaitable<void> downloading::begin() {
    const part_list about{.etag = info_.etag, .size = info_.size, .part_size = plan_.part_size, .kind = kind_};
    co_await on_pool(core_, [to = to_, about] { to->begin(about); });
}

awaitable<void> downloading::receive_all() {
    progress_ = std::make_shared<progress_teller>(how_.on_progress, info_.size, core_->time());
    for (const auto& [number, sum] : arrived_)
        progress_->moved(plan_.at(number).size);
    const auto numbers = info_.size == 0 ? std::vector<int>() : missing();
    std::size_t next = 0;
    const auto work = [&]() -> awaitable<void> {
        while (next < numbers.size())
            co_await receive(plan_.at(numbers[next++]));
    };
    const auto times = std::min(how_.concurrency ? how_.concurrency : core_->options.concurrency, numbers.size());
    if (times > 0)
        co_await at_once(times, work);
}

awaitable<void> downloading::receive(slice part) {
    const auto by = std::make_shared<reception>(core_, key_, info_, to_, part, kind_);
    auto paid = std::exchange(first_room_, ticket());
    if (first_)
        by->begin_with(*std::exchange(first_, std::nullopt));
    if (!paid)
        paid = co_await room_for(part.size);
    const auto sum = co_await reception::receive(by, progress_, limit_);
    arrived_.insert_or_assign(part.number, sum);
    if (how_.resume)
        co_await on_pool_to_the_end(core_, [to = to_, number = part.number, sum] { to->arrived(number, sum); });
}

awaitable<bool> downloading::is_what_was_put() {
    if (info_.checksum && !combines(info_.checksum->kind()))
        co_return *info_.checksum == co_await on_pool(core_, [to = to_, size = info_.size, sum = *info_.checksum] {
            return to->read_back({.offset = 0, .size = size}, sum.kind());
        });
    if (info_.checksum) {
        running_checksum whole(kind_);
        for (const auto& [number, sum] : arrived_)
            whole.update(sum, plan_.at(number).size);
        co_return whole.value() == *info_.checksum;
    }
    running_composite parts(kind_);
    for (const auto& [number, sum] : arrived_)
        parts.add(sum);
    co_return !knows_parts(info_) || parts.value() == *info_.composite;
}

awaitable<void> downloading::check() {
    if (co_await is_what_was_put())
        co_return;
    core_->metrics.checksum_failed();
    to_->give_up();
    throw storage_error(errc::integrity,
                        "get " + key_ + ": the bytes that came do not have the checksum " +
                            (info_.checksum ? info_.checksum->base64() : info_.composite->base64()) +
                            " of those that were put; they were changed in the store or on the way, and "
                            "none of them were kept");
}

// Had before the store is asked: who keeps an answer open waits for nobody, or all could wait for each other.
awaitable<ticket> downloading::room_for(std::uint64_t part_size) const {
    const auto room = std::min<std::uint64_t>(in_hand, part_size);
    return core_->memory.reserve(static_cast<std::size_t>(room), memory_limit(*core_, limit_));
}

awaitable<opened> downloading::get(slice part, read_conditions read) const {
    const auto to = core_->options.bucket;
    const get_request what{
        .key = key_, .range = byte_range{.offset = part.offset, .length = part.size}, .read = std::move(read)};
    const auto once = [to, what](attempt a) { return to->get(what, a.limit); };
    co_return co_await core_->calls.run<opened>({.op = "get", .key = key_}, once, limit_);
}

awaitable<object_info> downloading::head(read_conditions read) const {
    const auto to = core_->options.bucket;
    const auto once = [to, key = key_, read](attempt a) { return to->head(key, read, a.limit); };
    co_return co_await core_->calls.run<object_info>({.op = "head", .key = key_}, once, limit_);
}

std::vector<int> downloading::missing() const {
    std::vector<int> numbers;
    for (int number = 1; number <= plan_.count(); ++number)
        if (!arrived_.contains(number))
            numbers.push_back(number);
    return numbers;
}

// At the end of the call, whoever still begins or finishes on the pool: then a caller finds nothing, and may try again.
struct leaving {
    const target_ptr from;
    ~leaving() { from->leave(); }
};

bool may_start_over(const storage_error& failure, const download_options& how) noexcept {
    return failure.code() == errc::precondition && how.if_match.empty();
}

awaitable<object_info> download_once(core_ptr core, std::string key, target_ptr target, download_options how) {
    const auto one = std::make_shared<downloading>(std::move(core), std::move(key), std::move(target), std::move(how));
    co_return co_await one->run();
}

} // namespace

awaitable<object_info> download(core_ptr core, std::string key, std::filesystem::path to, download_options how) {
    const auto target = co_await on_pool_to_the_end(
        core, [path = std::move(to), resume = how.resume] { return std::make_shared<target_file>(path, resume); });
    const leaving in_the_end{target};
    // What an earlier download has left may be of an older object; and once, one may be replaced meanwhile.
    for (int chances = target->left() ? 2 : 1;; --chances) {
        try {
            co_return co_await download_once(core, key, target, how);
        } catch (const storage_error& e) {
            if (chances == 0 || !may_start_over(e, how))
                throw;
        }
        target->forget();
    }
}

} // namespace infra::storage
