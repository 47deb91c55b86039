#pragma once

/// A message as a job's payload: JSON with the names of email::message, where what is empty is left out and bytes are in Base64.
/// `scheduled_at` is not in it: it is the job's time. Pure.
///
///     {"version": 1, "to": [{"email": "ann@example.org", "name": "Ann"}], "template_name": "welcome", "data": {"n": 1}}
///
/// What is unknown is ignored, so that a newer program may add to it; one that changes what is here counts `version` up.

#include <infra/base/json.hpp>
#include <infra/email/message.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace infra::email {

struct address_record {
    std::string email{};
    std::optional<std::string> name{};
};
BOOST_DESCRIBE_STRUCT(address_record, (), (email, name))

struct attachment_record {
    std::optional<std::string> filename{};
    std::optional<std::string> content{}; ///< Base64
    std::optional<std::string> content_type{};
    std::optional<std::string> content_id{};
    std::optional<std::string> file{};
    std::optional<std::string> stored{};
};
BOOST_DESCRIBE_STRUCT(attachment_record, (), (filename, content, content_type, content_id, file, stored))

struct rendered_record {
    std::optional<std::string> subject{};
    std::optional<std::string> preheader{};
    std::optional<std::string> html{};
    std::optional<std::string> text{};
    std::optional<address_record> from{};
};
BOOST_DESCRIBE_STRUCT(rendered_record, (), (subject, preheader, html, text, from))

struct hosted_record {
    std::string id{};
    std::optional<json::object> variables{};
};
BOOST_DESCRIBE_STRUCT(hosted_record, (), (id, variables))

struct unsubscribe_record {
    std::string url{};
    std::optional<std::string> address{};
};
BOOST_DESCRIBE_STRUCT(unsubscribe_record, (), (url, address))

struct message_record {
    using addresses = std::optional<std::vector<address_record>>;
    using words = std::optional<std::map<std::string, std::string>>;

    int version = 1;
    std::optional<address_record> from{};
    std::vector<address_record> to{};
    addresses cc{}, bcc{}, reply_to{};
    std::optional<std::string> subject{};
    std::optional<std::string> body{};
    std::optional<std::string> template_name{};
    std::optional<json::object> data{};
    std::optional<std::string> locale{};
    std::optional<rendered_record> content{};
    std::optional<hosted_record> hosted{};
    std::optional<std::vector<attachment_record>> attachments{};
    words headers{};
    std::optional<unsubscribe_record> unsubscribe{};
    words tags{};
    std::optional<std::string> topic_id{};
    std::optional<std::string> idempotency_key{};
};
BOOST_DESCRIBE_STRUCT(message_record, (),
                      (version, from, to, cc, bcc, reply_to, subject, body, template_name, data, locale, content,
                       hosted, attachments, headers, unsubscribe, tags, topic_id, idempotency_key))

message_record record_of(const message& m);

/// Throws infra::error with queue::errc::invalid_payload for content that is not Base64, with queue::errc::incompatible for a
/// version that is not known.
message message_of(message_record r);

} // namespace infra::email
