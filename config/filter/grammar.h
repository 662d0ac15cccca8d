#pragma once
// The grammar, in PEGTL; only parse.cpp includes it. Each rule decides by the first bytes whether it is
// meant, and from then on must succeed: nothing is read twice, and actions may act at once. Whatever nests
// goes through `Nested`, which counts.

#include <string>
#include <string_view>
#include <tao/pegtl.hpp>

#include "filter/syntax_builder.h"

namespace spanlight::filter::grammar {

namespace pegtl = tao::pegtl;

// clang-format off
struct Comment : pegtl::seq<pegtl::two<'/'>, pegtl::until<pegtl::eolf>> {};
struct Blank : pegtl::star<pegtl::sor<pegtl::space, Comment>> {};

struct Expression;
// Recursion, and nothing else recurses.
struct Nested {
  using rule_t = Nested;
  using subs_t = pegtl::type_list<Expression>;
  template <pegtl::apply_mode A, pegtl::rewind_mode M, template <typename...> class Action,
            template <typename...> class Control, typename Input>
  static bool match(Input& in, SyntaxBuilder& builder) {
    builder.enter(in.byte());
    const bool good = pegtl::match<Expression, A, M, Action, Control>(in, builder);
    builder.leave();
    return good;
  }
};

struct WordEnd : pegtl::not_at<pegtl::identifier_other> {};
struct InWord : pegtl::seq<pegtl::string<'i', 'n'>, WordEnd> {};
struct Name : pegtl::identifier {};

// A quoted text up to its end; one without an end is told with where it began.
struct Quoted {
  using rule_t = Quoted;
  using subs_t = pegtl::empty_list;
  template <typename Input>
  static bool match(Input& in) {
    const std::string_view rest(in.current(), in.size());
    std::size_t at = 0;
    bool raw = false;
    if (rest.size() >= 2 && (rest[0] == 'r' || rest[0] == 'R')) {
      raw = true;
      at = 1;
    }
    if (rest.size() <= at || (rest[at] != '"' && rest[at] != '\'')) return false;
    const char quote = rest[at];
    for (std::size_t i = at + 1; i < rest.size() && rest[i] != '\n'; ++i) {
      if (rest[i] == '\\' && !raw) {
        ++i;
      } else if (rest[i] == quote) {
        in.bump(i + 1);
        return true;
      }
    }
    const std::string mark(1, quote);
    throw Wrong{{in.byte(), rest.size(), "This text is not closed.", "Write " + mark + " at its end."}};
  }
};

struct Digits : pegtl::plus<pegtl::digit> {};
struct Exponent : pegtl::seq<pegtl::one<'e', 'E'>, pegtl::opt<pegtl::one<'+', '-'>>, Digits> {};
struct Fraction : pegtl::seq<pegtl::one<'.'>, Digits> {};
struct Hexadecimal : pegtl::seq<pegtl::one<'0'>, pegtl::one<'x', 'X'>, pegtl::plus<pegtl::xdigit>> {};
struct Real : pegtl::sor<pegtl::seq<Digits, Fraction, pegtl::opt<Exponent>>, pegtl::seq<Digits, Exponent>,
                         pegtl::seq<Fraction, pegtl::opt<Exponent>>> {};
struct Whole : pegtl::sor<Hexadecimal, Digits> {};
struct Unsigned : pegtl::opt<pegtl::one<'u', 'U'>> {};
struct Number : pegtl::seq<pegtl::sor<Real, pegtl::seq<Whole, Unsigned>>, pegtl::must<WordEnd>> {};

struct Comma : pegtl::seq<pegtl::one<','>, Blank> {};
struct ListOpen : pegtl::one<'['> {};
struct ListClose : pegtl::one<']'> {};
struct Elements : pegtl::seq<Nested, pegtl::star<Comma, pegtl::not_at<ListClose>, pegtl::must<Nested>>, pegtl::opt<Comma>> {};
struct List : pegtl::if_must<ListOpen, Blank, pegtl::opt<pegtl::not_at<ListClose>, Elements>, ListClose, Blank> {};

struct MapOpen : pegtl::one<'{'> {};
struct MapClose : pegtl::one<'}'> {};
struct Entry : pegtl::seq<Nested, pegtl::must<pegtl::one<':'>, Blank, Nested>> {};
struct Map : pegtl::if_must<MapOpen, Blank,
                            pegtl::opt<pegtl::not_at<MapClose>, Entry, pegtl::star<Comma, pegtl::must<Entry>>>,
                            MapClose, Blank> {};

struct ArgumentsOpen : pegtl::one<'('> {};
struct ArgumentsClose : pegtl::one<')'> {};
struct Arguments : pegtl::if_must<ArgumentsOpen, Blank,
                                  pegtl::opt<pegtl::not_at<ArgumentsClose>, Nested, pegtl::star<Comma, pegtl::must<Nested>>>,
                                  ArgumentsClose, Blank> {};

struct ParenOpen : pegtl::one<'('> {};
struct Paren : pegtl::if_must<ParenOpen, Blank, Nested, pegtl::one<')'>, Blank> {};

struct NameOrCall : pegtl::seq<pegtl::not_at<InWord>, Name, Blank, pegtl::opt<Arguments>> {};
struct QuotedText : pegtl::seq<Quoted, Blank> {};
struct Primary : pegtl::sor<QuotedText, Paren, List, Map, pegtl::seq<Number, Blank>, NameOrCall> {};

struct MemberName : pegtl::identifier {};
struct Member : pegtl::if_must<pegtl::one<'.'>, Blank, MemberName, Blank, pegtl::opt<Arguments>> {};
struct IndexOpen : pegtl::one<'['> {};
struct Index : pegtl::if_must<IndexOpen, Blank, Nested, pegtl::one<']'>, Blank> {};
struct Postfix : pegtl::seq<Primary, pegtl::star<pegtl::sor<Member, Index>>> {};

struct Sign : pegtl::seq<pegtl::one<'!', '-'>, pegtl::not_at<pegtl::one<'='>>> {};
struct SignsBegin : pegtl::success {};
struct Unary : pegtl::seq<SignsBegin, pegtl::star<Sign, Blank>, Postfix> {};

struct ProductOperator : pegtl::one<'*', '/', '%'> {};
struct ProductTail : pegtl::if_must<ProductOperator, Blank, Unary> {};
struct Product : pegtl::seq<Unary, pegtl::star<ProductTail>> {};

struct SumOperator : pegtl::one<'+', '-'> {};
struct SumTail : pegtl::if_must<SumOperator, Blank, Product> {};
struct Sum : pegtl::seq<Product, pegtl::star<SumTail>> {};

struct EqualSign : pegtl::seq<pegtl::string<'=', '='>, pegtl::not_at<pegtl::one<'='>>> {};
struct UnequalSign : pegtl::seq<pegtl::string<'!', '='>, pegtl::not_at<pegtl::one<'='>>> {};
struct LessSign : pegtl::seq<pegtl::one<'<'>, pegtl::not_at<pegtl::one<'>'>>, pegtl::opt<pegtl::one<'='>>> {};
struct GreaterSign : pegtl::seq<pegtl::one<'>'>, pegtl::opt<pegtl::one<'='>>> {};
struct RelationOperator : pegtl::sor<EqualSign, UnequalSign, LessSign, GreaterSign, InWord> {};
struct RelationTail : pegtl::if_must<RelationOperator, Blank, Sum> {};
struct Relation : pegtl::seq<Sum, pegtl::star<RelationTail>> {};

struct AndTail : pegtl::if_must<pegtl::two<'&'>, Blank, Relation> {};
struct And : pegtl::seq<Relation, pegtl::star<AndTail>> {};
struct OrTail : pegtl::if_must<pegtl::two<'|'>, Blank, And> {};
struct Or : pegtl::seq<And, pegtl::star<OrTail>> {};

struct ChooseTail : pegtl::if_must<pegtl::one<'?'>, Blank, Nested, pegtl::one<':'>, Blank, Nested> {};
struct Expression : pegtl::seq<Or, pegtl::opt<ChooseTail>> {};
struct Everything : pegtl::must<Blank, Expression, pegtl::eof> {};
// clang-format on

}  // namespace spanlight::filter::grammar
