package inference.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What whole templates give is compared with the reference implementation's output in {@code ModelTemplateTest}. */
class JinjaTemplateTest {
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.parse("2026-03-05T23:10:09Z"));

    private static String render(String source) {
        Map<String, Object> variables = new HashMap<>();
        variables.put("none_here", null);
        variables.put("list", List.of(1L, 2L, 3L));
        variables.put("map", Map.of("k", "v"));
        variables.put("named", Map.of("items", 1L));
        return new JinjaTemplate(source, CLOCK).render(variables);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '§',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "{{ 1 + 2 * 3 }}§7",
                "{{ 7 // 2 }}{{ -7 // 2 }}{{ 7 % 3 }}§3-41",
                "{{ 1 / 4 }} {{ 1e22 }} {{ 0.00001 }} {{ 100000000000000.0 }}§0.25 1e+22 1e-05 100000000000000.0",
                "{{ list[-1] }}{{ list[1:] }}{{ list[::-1] }}{{ list[:-1] }}§3[2, 3][3, 2, 1][1, 2]",
                "{{ missing }}|{{ missing is defined }}|{{ none_here is none }}§|False|True",
                "{{ map.k }}{{ map['k'] }}{{ map.get('z', 'd') }}{{ 'k' in map }}§vvdTrue",
                "{{ 'a' ~ 1 ~ none_here }}§a1None",
                "{{ not missing and list }}§[1, 2, 3]",
                "{{ 'x' if missing else 'y' }}§y",
                "{%- for i in list if i != 2 -%} {{ loop.index }}:{{ i }}; {%- endfor -%}§1:1;2:3;",
                "{% for i in [] %}a{% else %}none{% endfor %}§none",
                "{% set x = 1 %}{% for i in list %}{% set x = i %}{% endfor %}{{ x }}§1",
                "{% set n = namespace(x=1) %}{% for i in list %}{% set n.x = i %}{% endfor %}{{ n.x }}§3",
                "{% macro m(a, b='q') %}<{{ a }}{{ b }}>{% endmacro %}{{ m(1) }}{{ m(b=2, a=3) }}§<1q><32>",
                "{{ ' a '.strip() }}{{ 'xxa'.lstrip('x') }}{{ 'a,b'.split(',')[1] }}§aab",
                "{{ strftime_now('%d %b %Y') }}§05 Mar 2026",
                "{{ {'b': [1, none, true], 'a': 'é\\n'} | tojson }}§{\"b\": [1, null, true], \"a\": \"é\\n\"}",
                "{{ named.items() }}{{ named['items'] }}§[['items', 1]]1",
                "{{ {'b': 'é', 'a': 1} | tojson(separators=(',', ':'), sort_keys=true, ensure_ascii=true) }}§{\"a\":1,\"b\":\"\\u00e9\"}",
                "{{ list | join(d='-') }}{{ missing | default(default_value='x', boolean=true) }}{{ 'a' | indent(width=1, first=true) }}§1-2-3x a",
                "{{ [1] | tojson(indent=none) }}{{ 'x' | int }}{{ '7' | int }}§[1]07",
                "{{ 'añb'[1] }}{{ 'añb'[-1] }}{{ 'ab'[2] }}§ñb",
                "{# gone #}a {#- and -#} b§ab",
                "{{ 'it is' is string }}{{ list is iterable and list is not string }}§TrueTrue",
                "{{ '{% raw %}' }}{% raw %}{{ x }}{% endraw %}§{% raw %}{{ x }}"
            })
    void expressionsMeanWhatTheyDoInPython(String source, String expected) {
        assertEquals(expected, render(source));
    }

    @Test
    void tagsTakeTheirLineBreakAndIndentationWithThem() {
        assertEquals("a\nb\n", render("{% if true %}\n  {% if true %}\na\n  {% endif %}\nb\n{% endif %}\n\n"));
        assertEquals("  x\n", render("  {{ 'x' }}\n{% if true %}\n{% endif %}\n"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% include 'x' %}",
                "{{ x | shout }}",
                "{{ list | join(', ', attribute='name') }}",
                "{{ list | map(attribute='name', default='x') }}",
                "{{ 'ab' | replace('a', 'b', 1) }}",
                "{% set x | trim(char=' ') %} a {% endset %}",
                "{{ 1 | tojson(depth=2) }}",
                "{{ x is odder }}",
                "{% if x %}",
                "{{ x",
                "{{ 'open }}",
                "{{ (1 }}",
                "{% for x %}{% endfor %}",
                "{% endif %}",
                "{# open"
            })
    void whatItDoesNotKnowIsAnErrorWhenItIsRead(String source) {
        TemplateFailure failure = assertThrows(TemplateFailure.class, () -> new JinjaTemplate(source, CLOCK));
        assertTrue(failure.toString().length() > 50, failure.toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ missing.name }}",
                "{{ missing() }}",
                "{{ 'a' + 1 }}",
                "{{ none_here + 'a' }}",
                "{{ raise_exception('no') }}",
                "{{ strftime_now('%Q') }}",
                "{% set map.k = 1 %}",
                "{% for i in 5 %}{% endfor %}",
                "{{ 1 // 0 }}",
                "{{ range(2000000000) }}",
                "{{ 'x' * 2000000000 }}",
                "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"
            })
    void whatPythonRefusesIsRefused(String source) {
        assertThrows(TemplateFailure.class, () -> render(source));
    }
}
