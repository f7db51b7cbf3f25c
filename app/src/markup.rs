//! Markup written as text, for what never changes once it stands on a page: a fraction of a view's work,
//! on the server and again on the phone that takes the page over. What people wrote goes through [`Text`].

use std::fmt::{Display, Formatter, Result};

/// Somebody's words, harmless between tags and in quoted attributes.
pub struct Text<'a>(pub &'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let mut written = 0;
        for (at, sign) in self.0.match_indices(['&', '<', '>', '"', '\'']) {
            f.write_str(&self.0[written..at])?;
            f.write_str(match sign {
                "&" => "&amp;",
                "<" => "&lt;",
                ">" => "&gt;",
                "\"" => "&quot;",
                _ => "&#39;",
            })?;
            written = at + sign.len();
        }
        f.write_str(&self.0[written..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_no_markup() {
        assert_eq!(Text("<b title='ب' id=\"ج\">R&D</b>").to_string(), "&lt;b title=&#39;ب&#39; id=&quot;ج&quot;&gt;R&amp;D&lt;/b&gt;");
        assert_eq!(Text("دليل").to_string(), "دليل");
    }
}
