#include "tests/redis/stage.hpp"

#include <infra/queue/redis.hpp>

#include <algorithm>
#include <array>
#include <set>

namespace infra::queue::redis_backend::tests {
namespace {

json::object object_of(redis::reply::list flat) {
    json::object all;
    for (std::size_t i = 0; i + 1 < flat.size(); i += 2)
        all[flat[i].as_text()] = flat[i + 1].as_text();
    return all;
}

std::string shortest(double score) { return std::string(redis::word(score).view()); }

// Members of objects in order, so that texts compare and are read where they differ.
json::value sorted(const json::value& from) {
    if (const auto* object = from.if_object()) {
        std::map<std::string, json::value> members;
        for (const auto& each : *object)
            members.emplace(each.key(), sorted(each.value()));
        json::object all;
        for (const auto& [name, value] : members)
            all[name] = value;
        return all;
    }
    if (const auto* array = from.if_array()) {
        json::array all;
        for (const auto& each : *array)
            all.push_back(sorted(each));
        return all;
    }
    return from;
}

json::array events_of(redis::reply::list entries) {
    json::array all;
    for (auto& each : entries)
        all.push_back(object_of(each.items()[1].items()));
    return all;
}

bool is_private(std::string_view key) { return key.find('~') != std::string_view::npos; }

bool is_ours(std::string_view field) { return field.starts_with("infra") || field == "reason"; }

json::value comparable_hash(const json::object& hash) {
    hash_fields fields;
    for (const auto& each : hash)
        if (!is_ours(each.key()) && each.key() != "stacktrace")
            fields.emplace_back(each.key(), std::string(each.value().as_string()));
    auto all = readable(fields);
    if (auto* opts = all.if_contains("opts"); opts && opts->is_object()) {
        auto& of = opts->as_object();
        for (const auto* name : {"removeOnComplete", "removeOnFail"})
            if (const auto* value = of.if_contains(name); value && *value == json::value(false))
                of.erase(name);
        if (number_in(of, "attempts").value_or(0) <= 1)
            of.erase("attempts");
        of.erase("kl"); // of logs our jobs have no options
        if (of.empty())
            all.erase("opts");
    }
    return all;
}

json::value comparable_events(const json::array& entries) {
    json::array all;
    for (const auto& each : entries) {
        json::object entry;
        for (const auto& field : each.as_object())
            if (!is_ours(field.key()))
                entry[field.key()] = field.value();
        all.push_back(std::move(entry));
    }
    return all;
}

// Of locks that there is one; of markers and settings nothing, since each side writes its own.
json::value comparable(std::string_view key, const json::object& keyed) {
    const auto type = text_in(keyed, "type");
    const auto& value = keyed.at("value");
    if (key.ends_with(":lock") || key.ends_with(":marker") || key.ends_with(":meta"))
        return json::value(type);
    if (type == "hash")
        return comparable_hash(value.as_object());
    if (type == "stream")
        return comparable_events(value.as_array());
    return value;
}

} // namespace

new_job plain_job(std::string name, std::string data) {
    return {.queue = "mail",
            .name = std::move(name),
            .data = std::move(data),
            .options = {.keep_completed = {}, .keep_failed = {}},
            .created_at = queue::tests::t0};
}

void on_a_stage::SetUp() {
    if (!testing::redis_server::installed())
        GTEST_SKIP() << testing::redis_server::how_to_install;
    server.emplace(std::vector<std::string>(), false);
    client.emplace(std::vector{loop.get_executor()}, redis::options{.socket_path = server->socket()});
}

redis::reply on_a_stage::ask(redis::command c) { return loop.await(client->execute(std::move(c))); }

std::vector<added_job> on_a_stage::add(const std::vector<new_job>& jobs) {
    auto done = add_group(jobs);
    if (done.refused)
        throw *done.refused;
    return std::move(done.added);
}

group_added on_a_stage::add_group(const job_group& group) {
    const std::array<const job_group*, 1> groups{&group};
    return read_added(groups, ask(add_command("bull", groups))).at(0);
}

work_done on_a_stage::work(work_request request) {
    request.now = now;
    if (request.queues.empty())
        request.queues = {"mail"};
    auto call = call_work("bull", request);
    auto done = read_work(call, ask(std::move(call.command)));
    if (done.unread.empty())
        return done;
    auto hashes = loop.await(client->execute(read_commands("bull", done.unread)));
    done.taken = read_taken(std::move(done.unread), std::move(hashes));
    return done;
}

std::vector<stored_job> on_a_stage::take(std::size_t most) {
    return work({.token = "token", .most = most, .minutes = 0}).taken;
}

stored_job on_a_stage::take_one() {
    auto taken = take(1);
    if (taken.empty())
        throw std::runtime_error("no job was there to be taken");
    return std::move(taken.front());
}

bool on_a_stage::end(const stored_job& job, outcome::kind as, std::string text, outcome more) {
    more.held = {.job = job.key, .fence = job.starts, .token = "token"};
    more.as = as;
    more.at = now;
    (as == outcome::kind::completed ? more.result : more.reason) = std::move(text);
    return work({.minutes = 0, .ended = {{.end = more, .of = remember(job)}}}).recorded.at(0);
}

void on_a_stage::restore(const scene& s) {
    for (const auto& each : s.keys) {
        const auto& [type, value] = std::pair(text_in(each.value().as_object(), "type"), each.value().at("value"));
        const std::string key(each.key());
        if (type == "hash")
            for (const auto& field : value.as_object())
                ask({"HSET", key, std::string(field.key()), std::string(field.value().as_string())});
        if (type == "list" || type == "set")
            for (const auto& member : value.as_array())
                ask({type == "list" ? "RPUSH" : "SADD", key, std::string(member.as_string())});
        if (type == "zset")
            for (const auto& member : value.as_object())
                ask({"ZADD", key, std::string(member.value().as_string()), std::string(member.key())});
        if (type == "string")
            ask({"SET", key, std::string(value.at("value").as_string())});
    }
}

json::object on_a_stage::left() {
    json::object all;
    for (const auto& key : redis::to<std::vector<std::string>>(ask({"KEYS", "*"}))) {
        const auto type = redis::to<std::string>(ask({"TYPE", key}));
        all[key] = json::object{{"type", type}, {"value", value_of(key, type)}};
    }
    return all;
}

json::value on_a_stage::value_of(const std::string& key, std::string_view type) {
    if (type == "hash")
        return object_of(ask({"HGETALL", key}).items());
    if (type == "list")
        return json::to_value(redis::to<std::vector<std::string>>(ask({"LRANGE", key, 0, -1})));
    if (type == "stream")
        return events_of(ask({"XRANGE", key, "-", "+"}).items());
    if (type == "set") {
        auto members = redis::to<std::vector<std::string>>(ask({"SMEMBERS", key}));
        std::ranges::sort(members);
        return json::to_value(members);
    }
    if (type == "zset") {
        json::object members;
        for (const auto& member : redis::to<std::vector<std::string>>(ask({"ZRANGE", key, 0, -1})))
            members[member] = shortest(ask({"ZSCORE", key, member}).as_real());
        return members;
    }
    return json::object{{"value", redis::to<std::string>(ask({"GET", key}))},
                        {"expires", redis::to<std::int64_t>(ask({"PTTL", key})) >= 0}};
}

void on_a_stage::expect_left_as_in(std::string_view scene_name, const std::vector<std::string>& but_for) {
    const auto& theirs = scene_named(scene_name).keys;
    const auto ours = left();
    std::set<std::string> keys;
    for (const auto* all : {&theirs, &ours})
        for (const auto& each : *all)
            if (!is_private(each.key()))
                keys.emplace(each.key());
    for (const auto& each : but_for)
        keys.erase(each);
    for (const auto& key : keys) {
        if (!ours.contains(key) || !theirs.contains(key)) {
            EXPECT_TRUE(key.ends_with(":marker")) << key << (ours.contains(key) ? " is left over" : " is missing");
            continue;
        }
        EXPECT_EQ(json::to_text(sorted(comparable(key, ours.at(key).as_object()))),
                  json::to_text(sorted(comparable(key, theirs.at(key).as_object()))))
            << key;
    }
}

std::vector<std::string> on_a_stage::line(std::string_view list) {
    return redis::to<std::vector<std::string>>(ask({"LRANGE", mail.of_queue(list), 0, -1}));
}

std::vector<std::string> on_a_stage::events() {
    const auto entries = value_of(mail.of_queue("events"), "stream");
    std::vector<std::string> all;
    for (const auto& each : entries.as_array()) {
        const auto& entry = each.as_object();
        all.push_back(text_in(entry, "event") + (entry.contains("jobId") ? " " + text_in(entry, "jobId") : ""));
    }
    return all;
}

// --- With a backend ------------------------------------------------------------------------------------------------

void backend_on_a_stage::SetUp() {
    on_a_stage::SetUp();
    if (server)
        stored = make_redis_backend({.server = {.socket_path = server->socket()}}, {loop.get_executor()});
}

void backend_on_a_stage::TearDown() {
    if (stored)
        loop.await(stored->stop(deadline::after(std::chrono::seconds(30))));
}

} // namespace infra::queue::redis_backend::tests
