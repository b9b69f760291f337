fn main() -> std::process::ExitCode {
    trueup::cli::main()
}
