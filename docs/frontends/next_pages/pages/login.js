export { default } from "@/components/login_form";
