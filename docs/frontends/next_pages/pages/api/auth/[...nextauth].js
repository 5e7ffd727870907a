import NextAuth from "next-auth";
import { authOptions } from "@/next_auth";

export default NextAuth(authOptions);
