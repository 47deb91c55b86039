#include "cluster_plan.hpp"

#include "command_table.hpp"
#include "complaints.hpp"

#include <infra/base/error.hpp>
#include <infra/redis/errc.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace infra::redis::detail {
namespace {

reply first_error_or(audience how, std::vector<reply> replies) {
    const auto failed = std::ranges::find_if(replies, [](const reply& r) { return r.is_error(); });
    if (failed != replies.end())
        return std::move(*failed);
    if (how == audience::everyone)
        return std::move(replies.front());
    if (how == audience::sum) {
        std::int64_t sum = 0;
        for (const auto& each : replies)
            sum += each.as_integer();
        return reply(sum);
    }
    reply::list all;
    for (auto& each : replies)
        std::ranges::move(std::move(each).take_items(), std::back_inserter(all));
    return reply(std::move(all));
}

void throw_if_half_done(const std::string& name, std::span<const reply> replies) {
    const auto failed = std::ranges::find_if(replies, &reply::is_error);
    if (failed != replies.end() && !std::ranges::all_of(replies, &reply::is_error))
        throw error(errc::lost, name + ": a part of it was executed, another was answered with: " +
                                    in_brief(failed->error_message()));
}

bool is_read(const command& c) { return replay_of(c) == replay::read; }

} // namespace

void refuse_crossing(std::string_view name) {
    throw error(infra::errc::invalid_input,
                std::string(name) +
                    " names keys in more than one slot of the cluster (CROSSSLOT); give them a hash tag in "
                    "common, such as {user:42}.cart and {user:42}.orders");
}

void cluster_plan::add(const command& c, const slots_of_command& where, std::span<const address> masters) {
    if (where.crosses && may_be_split(c))
        return add_split(c);
    if (where.crosses)
        refuse_crossing(c.name());
    const auto whose = where.has_keys ? audience::any : audience_of(c);
    if (whose == audience::nobody)
        throw error(infra::errc::invalid_input, std::string(c.name()) +
                                                    " walks through one server, and a cluster has several; use "
                                                    "client::masters and client::execute_at");
    if (whose != audience::any)
        return add_for_masters(c, whose, masters);
    origins_.push_back({.name = std::string(c.name()), .reads = is_read(c), .first = parts_.size()});
    parts_.push_back({.what = {c}, .slot = where.has_keys ? std::optional(where.slot) : std::nullopt});
}

void cluster_plan::add_split(const command& c) {
    auto pieces = split(c);
    const auto first = parts_.size();
    for (auto& each : pieces) {
        parts_.push_back({.slot = each.slot});
        parts_.back().what.push_back(std::move(each.what));
    }
    const auto count = pieces.size();
    origins_.push_back({.name = std::string(c.name()),
                        .reads = is_read(c),
                        .pieces = std::move(pieces),
                        .first = first,
                        .count = count});
}

void cluster_plan::add_for_masters(const command& c, audience whose, std::span<const address> masters) {
    origins_.push_back({.name = std::string(c.name()),
                        .reads = is_read(c),
                        .joined = whose,
                        .first = parts_.size(),
                        .count = masters.size()});
    for (const auto& each : masters)
        parts_.push_back({.what = {c}, .at = each});
}

part cluster_plan::transaction(std::span<const command> commands, std::vector<command> from_multi_to_exec) {
    part out{.what = std::move(from_multi_to_exec), .atomic = true};
    for (const auto& each : commands) {
        const auto where = slots_of(each);
        if (!where.known)
            throw error(infra::errc::invalid_input,
                        std::string(each.name()) +
                            " is not known, nor where its keys are; in a cluster it cannot be part of a "
                            "transaction");
        if (where.crosses || (where.has_keys && out.slot && *out.slot != where.slot))
            refuse_crossing("a transaction with " + std::string(each.name()));
        if (where.has_keys)
            out.slot = where.slot;
    }
    return out;
}

std::vector<reply> cluster_plan::replies(std::vector<reply> of_parts) const {
    std::vector<reply> out;
    out.reserve(origins_.size());
    for (const auto& each : origins_) {
        const auto begin = std::make_move_iterator(of_parts.begin() + static_cast<std::ptrdiff_t>(each.first));
        std::vector<reply> own(begin, begin + static_cast<std::ptrdiff_t>(each.count));
        if (!each.reads)
            throw_if_half_done(each.name, own);
        if (!each.pieces.empty())
            out.push_back(join(each.pieces, std::move(own)));
        else if (each.joined != audience::any)
            out.push_back(first_error_or(each.joined, std::move(own)));
        else
            out.push_back(std::move(own.front()));
    }
    return out;
}

} // namespace infra::redis::detail
