#include "copy.hpp"

#include "at_once.hpp"
#include "plan.hpp"
#include "transfer.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

namespace infra::storage {
namespace {

// Long ones, since no byte of them comes here.
constexpr std::uint64_t wanted_part = 256u << 20;

awaitable<part> copy_part(core_ptr core, upload_id upload, std::shared_ptr<const copy_request> what, slice which,
                          deadline limit) {
    const auto to = core->options.bucket;
    const part_source from{
        .from = what->from, .offset = which.offset, .length = which.size, .if_match = what->source_if_match};
    const request_kind how{.op = "copy part", .key = upload.key, .body = which.size};
    const auto once = [to, upload, number = which.number, from](attempt a) {
        return to->copy_part(upload, number, from, a.limit);
    };
    auto made = co_await core->calls.run<part>(how, once, limit);
    made.number = which.number;
    made.size = which.size;
    co_return made;
}

// At least one part, and none longer than the store takes.
part_plan plan_of_copy(const core& core, std::uint64_t size, const std::string& key) {
    const auto can = core.to().traits();
    return {.size = size,
            .part_size = part_size_for(size, std::clamp(wanted_part, can.min_part, can.max_part), can, key)};
}

} // namespace

awaitable<object_info> copy_by_parts(core_ptr core, copy_request what, std::uint64_t size, copy_options how) {
    const auto limit = how.limit.value_or(deadline::never());
    const auto plan = plan_of_copy(*core, size, what.to);
    const put_request made{.key = what.to,
                           .attributes = what.attributes.value_or(object_attributes()),
                           .write = what.write,
                           .part_size = plan.part_size};
    const auto from = std::make_shared<const copy_request>(std::move(what));
    const auto upload = co_await begin(core, made, limit);
    std::map<int, part> parts;
    int next = 0;
    const auto work = [&]() -> awaitable<void> {
        while (next < plan.count()) {
            auto each = co_await copy_part(core, upload->id(), from, plan.at(++next), limit);
            parts.insert_or_assign(each.number, std::move(each));
        }
    };
    co_await at_once(std::min(core->options.concurrency, static_cast<std::size_t>(plan.count())), work);
    auto info = co_await complete(core, upload->id(), std::move(parts), made, limit);
    upload->keep();
    co_return info;
}

} // namespace infra::storage
