use std::io::{self, Read, Write};
use std::process::ExitCode;
use tashkeel::{count, digits, fold, frequency, strip, Digits};

const HELP: &str = "\
الاستعمال: tashkeel <أمر> [خيارات] [ملفات...]

الأوامر:
  strip                 إزالة التشكيل والتطويل
  fold                  تسوية للبحث
  digits --to KIND      تحويل الأرقام: western أو eastern
  count                 عدّ السطور والكلمات والحروف والحركات
  freq [-n N]           أكثر الكلمات ورودًا (20 ما لم يُذكر)

بلا ملفات يُقرأ المدخل القياسي.";

fn read(files: &[String]) -> Result<String, String> {
    let mut text = String::new();
    if files.is_empty() {
        io::stdin()
            .read_to_string(&mut text)
            .map_err(|e| format!("المدخل القياسي: {e}"))?;
    }
    for name in files {
        let one = std::fs::read_to_string(name).map_err(|e| format!("{name}: {e}"))?;
        text.push_str(&one);
    }
    Ok(text)
}

/// يسحب خيارًا وقيمته من الوسائط.
fn option(args: &mut Vec<String>, name: &str) -> Result<Option<String>, String> {
    let Some(at) = args.iter().position(|a| a == name) else {
        return Ok(None);
    };
    args.remove(at);
    if at == args.len() {
        return Err(format!("الخيار {name} بلا قيمة"));
    }
    Ok(Some(args.remove(at)))
}

fn run(mut args: Vec<String>) -> Result<String, String> {
    if args.is_empty() || args[0] == "--help" || args[0] == "-h" {
        return Ok(format!("{HELP}\n"));
    }
    match args.remove(0).as_str() {
        "strip" => Ok(strip(&read(&args)?)),
        "fold" => Ok(fold(&read(&args)?)),
        "digits" => {
            let to = match option(&mut args, "--to")?.as_deref() {
                Some("western") => Digits::Western,
                Some("eastern") => Digits::Eastern,
                _ => return Err("اختر ‎--to western أو ‎--to eastern".into()),
            };
            Ok(digits(&read(&args)?, to))
        }
        "count" => {
            let c = count(&read(&args)?);
            Ok(format!(
                "سطور {}، كلمات {}، حروف {}، حركات {}\n",
                c.lines, c.words, c.letters, c.marks
            ))
        }
        "freq" => {
            let top = match option(&mut args, "-n")? {
                Some(n) => n.parse().map_err(|_| format!("عدد غير صالح: {n}"))?,
                None => 20,
            };
            let rows = frequency(&read(&args)?, top);
            Ok(rows.iter().map(|(w, n)| format!("{n}\t{w}\n")).collect())
        }
        other => Err(format!("أمر غير معروف: {other}\n\n{HELP}")),
    }
}

fn main() -> ExitCode {
    match run(std::env::args().skip(1).collect()) {
        // إغلاق الأنبوب من الطرف الآخر (مثل head) ليس خطأ
        Ok(text) => {
            let _ = io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
