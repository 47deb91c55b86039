// Asio's own sources, compiled once for everybody who links infra::base (BOOST_ASIO_SEPARATE_COMPILATION).
#include <boost/asio/impl/src.hpp>
