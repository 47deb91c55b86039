#pragma once

/// Who mail comes from and goes to.
///
///     message m{.to = {"ann@example.org", "Bo Lee <bo@example.org>", address::named(user.name, user.email)}};
///
/// A name from outside belongs in `address::named`: in the text form, `Ann <evil@x>` typed into a name field would be
/// read as an address.

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace infra::email {

/// Anything that reads as text: literal, string, string_view.
template <class T>
concept text_like =
    std::convertible_to<const T&, std::string_view> && !std::same_as<std::remove_cvref_t<T>, std::nullptr_t>;

/// A mailbox: an email address and perhaps a name to show.
///
/// Making one checks nothing; sending refuses a bad one with errc::bad_address. There is no constructor of two strings:
/// `{{"a@x", "b@x"}}` would silently be one address called "a@x".
class address {
public:
    /// `ann@example.org`, `Ann Lee <ann@example.org>` or `"Lee, Ann" <ann@example.org>`: a name with any of ( ) < > [ ] : ;
    /// @ \ , and quotes stands in quotes. Text that is none of these is kept whole as an address that is not valid, so that
    /// `a@b.org, Cy <c@d.org>` is refused and does not become one recipient.
    template <text_like T>
    address(const T& text) : address(from_text(std::string_view(text))) {}

    static address named(std::string_view name, std::string_view email);

    const std::string& name() const noexcept { return name_; } ///< UTF-8; empty when there is none
    const std::string& email() const noexcept { return email_; }

    friend bool operator==(const address&, const address&) = default;

private:
    struct parts {
        std::string name;
        std::string email;
    };
    address(parts p) : name_(std::move(p.name)), email_(std::move(p.email)) {}
    static parts from_text(std::string_view text);

    std::string name_;
    std::string email_;
};

/// One address, a braced list, or a vector of strings or addresses.
class address_list {
public:
    address_list() = default;
    address_list(std::initializer_list<address> list) : list_(list) {}
    template <text_like T>
    address_list(const T& one) : list_{address(one)} {}
    address_list(address one) : list_{std::move(one)} {}
    address_list(std::vector<address> list) : list_(std::move(list)) {}
    address_list(const std::vector<std::string>& list) : list_(list.begin(), list.end()) {}

    auto begin() const noexcept { return list_.begin(); }
    auto end() const noexcept { return list_.end(); }
    std::size_t size() const noexcept { return list_.size(); }
    bool empty() const noexcept { return list_.empty(); }
    const address& operator[](std::size_t i) const noexcept { return list_[i]; }

private:
    std::vector<address> list_;
};

/// Whether `email` is an address that mail can be sent to: `local@domain` in ASCII as of RFC 5321, 254 characters at most,
/// the local part a dot-atom of at most 64, the domain letters, digits and hyphens in at least two labels of at most 63. An
/// international domain is written as its DNS name, `xn--bcher-kva.example`. Quoted local parts and address literals, which
/// next to nobody has, are refused; so is everything after a valid address.
bool is_valid_address(std::string_view email) noexcept;

} // namespace infra::email
