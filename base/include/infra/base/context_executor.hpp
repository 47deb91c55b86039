#pragma once

/// An executor that carries the context: `asio::awaitable` code run on it has the right active span after every
/// co_await, with no task type of our own.
///
///     asio::io_context io;
///     asio::co_spawn(infra::with_context(io.get_executor()), serve(), asio::detached);
///
/// The loops of infra/runtime.hpp run on it already; a user's own io_context is wrapped as above.
///
/// How: every asynchronous operation of Asio asks for a work-tracking copy of its executor when it starts. At that
/// moment the copy captures the current context; when the operation completes through it, `execute` installs the
/// context around the resumption. Children under `&&`, parallel_group and co_spawn therefore keep their own.

#include <infra/base/awaitable.hpp>
#include <infra/base/context.hpp>

#include <boost/asio/execution.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>

#include <type_traits>
#include <utility>

namespace infra {

namespace detail {

template <class Property>
inline constexpr bool is_prefer_only = false;
template <class Property>
inline constexpr bool is_prefer_only<asio::execution::prefer_only<Property>> = true;

template <class Inner, class Property>
concept requirable = asio::can_require<const Inner&, Property>::value && !is_prefer_only<Property>;
template <class Inner, class Property>
concept only_preferable =
    asio::can_prefer<const Inner&, Property>::value && !requirable<Inner, Property> && !is_prefer_only<Property>;

} // namespace detail

/// `Inner` with a context. Copies are cheap; properties are forwarded to Inner.
template <class Inner>
class context_executor {
public:
    explicit context_executor(Inner inner, captured_context captured = {}) noexcept
        : inner_(std::move(inner)), captured_(std::move(captured)) {}

    const Inner& inner() const noexcept { return inner_; }

    /// Runs `f` on Inner under the captured context, or, if nothing was captured, under that of whoever calls this.
    template <class F>
    void execute(F&& f) const {
        inner_.execute([under = captured_ ? captured_ : captured_context::capture(), f = std::forward<F>(f)]() mutable {
            const captured_context::resumption installed(std::move(under));
            std::move(f)();
        });
    }

    template <class Property>
        requires asio::can_query<const Inner&, Property>::value
    auto query(const Property& p) const noexcept -> decltype(asio::query(std::declval<const Inner&>(), p)) {
        return asio::query(inner_, p);
    }

    template <class Property>
        requires detail::requirable<Inner, Property>
    auto require(const Property& p) const noexcept {
        return rebind<Property>(asio::require(inner_, p));
    }

    template <class Property>
        requires detail::only_preferable<Inner, Property>
    auto prefer(const Property& p) const noexcept {
        return rebind<Property>(asio::prefer(inner_, p));
    }

    friend bool operator==(const context_executor& a, const context_executor& b) noexcept {
        return a.inner_ == b.inner_;
    }
    friend bool operator!=(const context_executor& a, const context_executor& b) noexcept { return !(a == b); }

private:
    template <class Property, class Rebound>
    auto rebind(Rebound inner) const noexcept {
        constexpr bool starts_an_operation = std::is_same_v<Property, asio::execution::outstanding_work_t::tracked_t>;
        return context_executor<Rebound>(std::move(inner),
                                         starts_an_operation ? captured_context::capture() : captured_);
    }

    Inner inner_;
    captured_context captured_;
};

template <class Inner>
context_executor<Inner> with_context(Inner inner) {
    return context_executor<Inner>(std::move(inner));
}

/// The same for the usual one. What an `executor` can hold takes long to compile: here it is once.
executor with_context(asio::io_context::executor_type loop);

} // namespace infra
