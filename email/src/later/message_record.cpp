#include "message_record.hpp"

#include <infra/base/encoding.hpp>
#include <infra/queue/error.hpp>

#include <utility>

namespace infra::email {
namespace {

constexpr int known_version = 1;

template <class T>
std::optional<T> unless_empty(const T& all) {
    return all.empty() ? std::nullopt : std::optional(all);
}

template <class T>
T or_empty(std::optional<T>& kept) {
    return kept ? std::move(*kept) : T();
}

address_record record_of(const address& a) { return {.email = a.email(), .name = unless_empty(a.name())}; }

address address_of(const address_record& r) { return address::named(r.name.value_or(""), r.email); }

template <class List>
std::vector<address_record> records_of(const List& list) {
    std::vector<address_record> made;
    for (const auto& each : list)
        made.push_back(record_of(each));
    return made;
}

address_list addresses_of(const std::vector<address_record>& list) {
    std::vector<address> made;
    for (const auto& each : list)
        made.push_back(address_of(each));
    return made;
}
address_list addresses_of(const message_record::addresses& list) { return list ? addresses_of(*list) : address_list(); }

attachment_record record_of(const attachment& a) {
    return {.filename = unless_empty(a.filename),
            .content = unless_empty(encoding::base64_encode(a.content)),
            .content_type = unless_empty(a.content_type),
            .content_id = unless_empty(a.content_id),
            .file = unless_empty(a.file),
            .stored = unless_empty(a.stored)};
}

std::string bytes_of(const std::optional<std::string>& base64) {
    if (!base64)
        return {};
    auto bytes = encoding::base64_decode(*base64);
    if (!bytes)
        throw error(queue::errc::invalid_payload, "a stored message: /attachments: expected content in Base64");
    return std::move(*bytes);
}

attachment attachment_of(attachment_record& r) {
    return {.filename = or_empty(r.filename),
            .content = bytes_of(r.content),
            .content_type = or_empty(r.content_type),
            .content_id = or_empty(r.content_id),
            .file = or_empty(r.file),
            .stored = or_empty(r.stored)};
}

rendered_record record_of(const rendered_email& e) {
    return {.subject = unless_empty(e.subject),
            .preheader = unless_empty(e.preheader),
            .html = unless_empty(e.html),
            .text = unless_empty(e.text),
            .from = e.from ? std::optional(record_of(*e.from)) : std::nullopt};
}

rendered_email rendered_of(rendered_record& r) {
    return {.subject = or_empty(r.subject),
            .preheader = or_empty(r.preheader),
            .html = or_empty(r.html),
            .text = or_empty(r.text),
            .from = r.from ? std::optional(address_of(*r.from)) : std::nullopt};
}

} // namespace

message_record record_of(const message& m) {
    message_record r{.from = m.from ? std::optional(record_of(*m.from)) : std::nullopt,
                     .to = records_of(m.to),
                     .cc = unless_empty(records_of(m.cc)),
                     .bcc = unless_empty(records_of(m.bcc)),
                     .reply_to = unless_empty(records_of(m.reply_to)),
                     .subject = unless_empty(m.subject),
                     .body = unless_empty(m.body),
                     .template_name = unless_empty(m.template_name),
                     .data = unless_empty(m.data),
                     .locale = unless_empty(m.locale),
                     .headers = unless_empty(m.headers),
                     .tags = unless_empty(m.tags),
                     .topic_id = unless_empty(m.topic_id),
                     .idempotency_key = unless_empty(m.idempotency_key)};
    if (m.content)
        r.content = record_of(*m.content);
    if (m.hosted)
        r.hosted = {.id = m.hosted->id, .variables = unless_empty(m.hosted->variables)};
    for (const auto& each : m.attachments)
        (r.attachments ? *r.attachments : r.attachments.emplace()).push_back(record_of(each));
    if (m.unsubscribe)
        r.unsubscribe = {.url = m.unsubscribe->url, .address = unless_empty(m.unsubscribe->address)};
    return r;
}

message message_of(message_record r) {
    if (r.version != known_version)
        throw error(queue::errc::incompatible, "a stored message of version " + std::to_string(r.version) +
                                                   ": this program reads version " + std::to_string(known_version) +
                                                   "; update the worker");
    message m{.to = addresses_of(r.to),
              .cc = addresses_of(r.cc),
              .bcc = addresses_of(r.bcc),
              .reply_to = addresses_of(r.reply_to),
              .subject = or_empty(r.subject),
              .body = or_empty(r.body),
              .template_name = or_empty(r.template_name),
              .data = or_empty(r.data),
              .locale = or_empty(r.locale),
              .headers = or_empty(r.headers),
              .tags = or_empty(r.tags),
              .topic_id = or_empty(r.topic_id),
              .idempotency_key = or_empty(r.idempotency_key)};
    if (r.from)
        m.from = address_of(*r.from);
    if (r.content)
        m.content = rendered_of(*r.content);
    if (r.hosted)
        m.hosted = {.id = std::move(r.hosted->id), .variables = or_empty(r.hosted->variables)};
    for (auto& each : r.attachments ? *r.attachments : std::vector<attachment_record>())
        m.attachments.push_back(attachment_of(each));
    if (r.unsubscribe)
        m.unsubscribe = {.url = std::move(r.unsubscribe->url), .address = or_empty(r.unsubscribe->address)};
    return m;
}

} // namespace infra::email
