#include "list.hpp"

#include "checks.hpp"
#include "page_tokens.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace infra::storage {

awaitable<list_page> list_objects(core_ptr core, list_options options) {
    check_page(options);
    options.prefix = core->full_prefix(options.prefix);
    if (!options.start_after.empty())
        options.start_after = core->options.prefix + options.start_after;
    const asking<list_page> once = [core, options](attempt now) { return core->to().list(options, now.limit); };
    auto page =
        co_await core->calls.run<list_page>({.op = "list", .key = options.prefix}, once, core->limit_of(options.until));
    for (auto& each : page.objects)
        each = core->shown(std::move(each));
    for (auto& each : page.prefixes)
        each = core->shown(std::move(each));
    co_return page;
}

awaitable<std::vector<object_info>> list_all_objects(core_ptr core, std::string prefix, std::size_t limit) {
    std::vector<object_info> all;
    list_options page{.prefix = prefix};
    page_tokens tokens;
    do {
        auto next = co_await list_objects(core, page);
        std::ranges::move(next.objects, std::back_inserter(all));
        if (all.size() > limit)
            throw storage_error(errc::too_large, "list " + prefix + ": there are more than the " +
                                                     std::to_string(limit) +
                                                     " keys that limit allows; read pages with list(), or allow more");
        page.token = tokens.next(std::move(next.token), "list " + prefix);
    } while (!page.token.empty());
    co_return all;
}

} // namespace infra::storage
