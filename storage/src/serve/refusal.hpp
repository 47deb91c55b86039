#pragma once

/// Why a request is not done, in S3's words.

#include "../sigv4/post_policy.hpp"
#include "../sigv4/sigv4.hpp"

#include <infra/http_server/response.hpp>
#include <infra/storage/error.hpp>

#include <exception>
#include <string>
#include <string_view>

namespace infra::storage::serve {

using refusal = sigv4::form_refusal;

/// What is known to be refused before a store is asked.
class refused : public std::exception {
public:
    explicit refused(refusal of) : of_(std::move(of)) {}
    refused(int status, std::string code, std::string sentence) : of_{status, std::move(code), std::move(sentence)} {}

    const char* what() const noexcept override { return of_.sentence.c_str(); }
    const refusal& why() const noexcept { return of_; }

private:
    refusal of_;
};

/// Of what is not good.
refusal refusal_of(sigv4::verdict v);

/// What a store threw; its sentence is for those who run it, and is not repeated.
refusal refusal_of(const storage_error& e);

/// Of anything that was thrown while `key` was asked for; what is nobody's fault but ours goes to the log.
http::response answer_thrown(const std::exception_ptr& thrown, std::string_view key, std::string_view request_id);

/// `<Error><Code>…</Code>…</Error>`
http::response answer_refusal(const refusal& why, std::string_view key, std::string_view request_id);

std::string escape_xml(std::string_view text);

} // namespace infra::storage::serve
